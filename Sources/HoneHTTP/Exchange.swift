import Synchronization

/// What has come of one answer and was not read yet: the thread of the transfers fills it, one task empties it.
final class Exchange: Sendable {
    private struct State {
        var head: HTTPHead?
        var chunks: [[UInt8]] = []
        var byteCount = 0
        /// Nil while more may come.
        var end: Result<Void, HTTPError>?
        var isHeldBack = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// So many bytes may wait to be read before the server is held back.
    private static let room = 256 << 10

    // MARK: From the transfers' thread

    func deliver(_ head: HTTPHead) {
        change { $0.head = head }
    }

    /// - Returns: False when there is no room: the same bytes are to be delivered again once somebody has read.
    func deliver(_ chunk: [UInt8]) -> Bool {
        change { state in
            if state.byteCount >= Self.room {
                state.isHeldBack = true
                return false
            }
            state.chunks.append(chunk)
            state.byteCount += chunk.count
            return true
        }
    }

    func end(_ outcome: Result<Void, HTTPError>) {
        change { state in
            if state.end == nil { state.end = outcome }
        }
    }

    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, waiter) = state.withLock { state in
            let value = body(&state)
            defer { state.waiter = nil }
            return (value, state.waiter)
        }
        waiter?.resume()
        return value
    }

    // MARK: From the reader

    nonisolated(nonsending) func head() async throws(HTTPError) -> HTTPHead {
        while true {
            let (head, end) = state.withLock { ($0.head, $0.end) }
            // A head that came is given out before a failure after it, so that what came in between is not lost.
            if let head { return head }
            if case .failure(let error)? = end { throw error }
            if end != nil { throw .closed }
            await news { $0.head != nil || $0.end != nil }
        }
    }

    /// The next bytes, nil after the last; and whether a server that was held back may go on.
    nonisolated(nonsending) func chunk() async throws(HTTPError) -> (bytes: [UInt8]?, isThirsty: Bool) {
        while true {
            let (bytes, end, isThirsty) = state.withLock { state in
                let bytes = state.chunks.isEmpty ? nil : state.chunks.joined()
                let held = state.isHeldBack
                (state.chunks, state.byteCount, state.isHeldBack) = ([], 0, false)
                return (bytes.map { Array($0) }, state.end, held)
            }
            // What came whole before a failure is still given out, so that a reader knows how far it got.
            if let bytes { return (bytes, isThirsty) }
            switch end {
            case .success?: return (nil, false)
            case .failure(let error)?: throw error
            case nil: await news { !$0.chunks.isEmpty || $0.end != nil }
            }
        }
    }

    private nonisolated(nonsending) func news(_ isThere: (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                if isThere(state) { return false }
                precondition(state.waiter == nil, "an answer has one reader")
                state.waiter = continuation
                return true
            }
            if !mustWait { continuation.resume() }
        }
    }
}
