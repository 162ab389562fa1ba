internal import Dispatch
internal import Synchronization

/// Holds one answer to a format: says after each token which tokens may follow.
///
/// What has been asked before is answered at once. All else is found out on a thread of its own while the model's next
/// step runs, so that ``mask`` seldom waits. A copy goes on by itself, so an answer can be taken back.
public struct AnswerConstraint: Sendable {
    private let automaton: FormatAutomaton
    private let tokenLimit: Int
    private var tokenCount = 0
    private var finding: Finding

    /// Begins with an empty answer that has room for `tokenLimit` tokens. Once there is room for no other, only tokens
    /// are allowed behind which the answer can still become whole.
    public init(_ automaton: FormatAutomaton, tokenLimit: Int = .max) {
        self.automaton = automaton
        self.tokenLimit = tokenLimit
        finding = Finding(automaton, FormatAutomaton.Position(), within: tokenLimit)
    }

    /// Takes the answer's next token; does not wait for the mask behind it.
    public mutating func append(_ token: Int32) {
        tokenCount += 1
        guard automaton.isText(token) else { return }
        var position = finding.result.position
        position.tokens.append(token)
        finding = Finding(automaton, position, within: tokenLimit - tokenCount)
    }

    /// The tokens that may follow, a bit for each in words of 64; none if the format broke.
    public var mask: [UInt64] { finding.result.mask }

    /// Whether the answer fits the format as it stands.
    public var isWhole: Bool { finding.result.isWhole }

    /// Whether the format's states have come to take more room than they may; then nothing may follow.
    public var isBroken: Bool { finding.result.isBroken }
}

/// What may follow a position, known at once or found on the automaton's thread.
private final class Finding: Sendable {
    struct Result {
        var position: FormatAutomaton.Position
        var mask: [UInt64]
        var isWhole: Bool
        var isBroken = false
    }

    private let found: Mutex<Result?>
    private let work = DispatchGroup()

    /// The position's newest token has not been looked at.
    init(_ automaton: FormatAutomaton, _ position: FormatAutomaton.Position, within tokenCount: Int) {
        var moved = position
        if let known = automaton.knownNext(movingTo: &moved, within: tokenCount) {
            found = Mutex(Result(position: moved, mask: known.mask, isWhole: known.isWhole))
            return
        }
        found = Mutex(nil)
        automaton.thread.async(group: work) { [self] in
            let result = Self.find(automaton, position, within: tokenCount)
            found.withLock { $0 = result }
        }
    }

    private static func find(
        _ automaton: FormatAutomaton, _ position: FormatAutomaton.Position, within tokenCount: Int
    ) -> Result {
        var position = position
        do throws(FormatError) {
            let next = try automaton.next(movingTo: &position, within: tokenCount)
            return Result(position: position, mask: next.mask, isWhole: next.isWhole)
        } catch {
            let nothing = [UInt64](repeating: 0, count: automaton.wordCount)
            return Result(position: position, mask: nothing, isWhole: false, isBroken: true)
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
