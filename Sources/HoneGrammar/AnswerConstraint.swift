internal import Dispatch
internal import Synchronization

/// Holds one answer to a format: says after each token which tokens may follow.
///
/// What has been asked before is answered at once. All else is found out on a thread of its own while the model's next
/// step runs, so that ``mask`` seldom waits.
public final class AnswerConstraint: Sendable {
    private struct State {
        var position = FormatAutomaton.Position()
        var mask: [UInt64] = []
        var isPending = false
        var isBroken = false
    }

    private let automaton: FormatAutomaton
    private let state = Mutex(State())
    private let isFound = DispatchSemaphore(value: 0)

    /// Begins with an empty answer.
    public init(_ automaton: FormatAutomaton) {
        self.automaton = automaton
        findLater()
    }

    /// Takes the answer's next token; does not wait for the mask behind it.
    public func append(_ token: Int32) {
        guard automaton.isText(token) else { return }
        waitUntilFound()
        let isKnown = state.withLock { state in
            state.position.tokens.append(token)
            guard let mask = automaton.knownMask(movingTo: &state.position) else { return false }
            state.mask = mask
            return true
        }
        if !isKnown { findLater() }
    }

    /// The tokens that may follow, a bit for each in words of 64; none if the format broke.
    public var mask: [UInt64] {
        waitUntilFound()
        return state.withLock { $0.mask }
    }

    /// Whether the format's states have come to take more room than they may; then nothing may follow.
    public var isBroken: Bool {
        waitUntilFound()
        return state.withLock { $0.isBroken }
    }

    private func findLater() {
        state.withLock { $0.isPending = true }
        automaton.thread.async { [self] in
            state.withLock { state in
                do throws(FormatError) {
                    state.mask = try automaton.mask(movingTo: &state.position)
                } catch {
                    state.mask = state.mask.map { _ in 0 }
                    state.isBroken = true
                }
            }
            isFound.signal()
        }
    }

    private func waitUntilFound() {
        let isPending = state.withLock { state in
            defer { state.isPending = false }
            return state.isPending
        }
        if isPending { isFound.wait() }
    }
}
