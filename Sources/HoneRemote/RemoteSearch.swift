import HoneHTTP
import HoneInference

/// What one request has gone through so far, and so when to give it up.
struct RemoteSearch {
    var lastEndpoint: Int?
    /// Whether answers are asked for piece by piece. Some servers end a stream without a word where they would say what
    /// is wrong with a request to somebody who asks for the whole answer.
    var streams = true
    private let deadline: ContinuousClock.Instant
    private var hasResolved = false
    private var cutCount = 0
    private var silenceCount = 0
    private var garbageCount = 0
    private var abortCount = 0
    private var lossCount = 0

    init(patience: Duration) {
        deadline = .now + patience
    }

    /// Whether there is still time after a wait.
    func mayWait(_ duration: Duration) -> Bool { .now + duration < deadline }

    /// Why the request is given up; nil: it is tried again. `resolve` asks the server for its models.
    mutating func failure(
        after trouble: RemoteTrouble, resolve: () async throws -> Void
    ) async throws -> EngineFailure? {
        switch trouble {
        case .rejected(let reason): return .rejected(reason)
        case .oversized(let reason): return .failed(reason)
        case .unknownModel(let reason):
            if hasResolved { return .failed(reason) }
            hasResolved = true
            do {
                try await resolve()
                return nil
            } catch let trouble as RemoteTrouble {
                return .failed(trouble.reason)
            }
        case .busy(let reason, let after): return isOver ? .unavailable(reason, retryAfter: after ?? .seconds(5)) : nil
        case .refusedKey(let reason): return isOver ? .unavailable(reason, retryAfter: .seconds(60)) : nil
        case .lost(let reason):
            lossCount += 1
            return isOver ? .unavailable(reason, retryAfter: .seconds(5)) : nil
        // These may be this request's own doing: it is not tried for ever.
        case .cut(let reason):
            cutCount += 1
            return cutCount > 3 || isOver ? .failed(reason) : nil
        case .silent(let reason):
            silenceCount += 1
            return silenceCount > 1 || isOver ? .failed(reason) : nil
        case .garbage(let reason):
            garbageCount += 1
            return garbageCount > 2 || isOver ? .failed(reason) : nil
        }
    }

    mutating func failure(afterAbortOf address: HTTPAddress) -> EngineFailure? {
        abortCount += 1
        return abortCount > 3 || isOver ? .aborted("\(address) broke the answer off \(abortCount) times") : nil
    }

    private var isOver: Bool { .now >= deadline }
}
