internal import Dispatch
internal import Synchronization

/// What may follow a position, being found on the automaton's thread.
final class Finding: Sendable {
    struct Result {
        var position: FormatAutomaton.Position
        var next: FormatAutomaton.Next
        var isBroken = false
    }

    private let found = Mutex<Result?>(nil)
    private let work = DispatchGroup()

    /// The newest of the tokens has not been looked at from this position.
    init(
        _ automaton: FormatAutomaton, _ tokens: [Int32], _ position: FormatAutomaton.Position, within tokenCount: Int
    ) {
        automaton.thread.async(group: work) { [self] in
            let result = Self.find(automaton, tokens, position, within: tokenCount)
            found.withLock { $0 = result }
        }
    }

    private static func find(
        _ automaton: FormatAutomaton, _ tokens: [Int32], _ position: FormatAutomaton.Position, within tokenCount: Int
    ) -> Result {
        var position = position
        do throws(FormatError) {
            let next = try automaton.next(after: tokens, movingTo: &position, within: tokenCount)
            return Result(position: position, next: next)
        } catch {
            let nothing = [UInt64](repeating: 0, count: automaton.wordCount)
            let next = FormatAutomaton.Next(mask: nothing, isWhole: false)
            return Result(position: position, next: next, isBroken: true)
        }
    }

    /// Waits for it where it is being found.
    var result: Result {
        if let known = found.withLock({ $0 }) { return known }
        work.wait()
        guard let result = found.withLock({ $0 }) else { preconditionFailure("a finding ended without a result") }
        return result
    }
}
