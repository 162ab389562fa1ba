/// Holds one answer to a format: says after each token which tokens may follow.
///
/// What has been asked before is answered at once. All else is found out on a thread of its own while the model's next
/// step runs, so that ``mask`` seldom waits. A copy goes on by itself, so an answer can be taken back.
public struct AnswerConstraint: Sendable {
    private let automaton: FormatAutomaton
    private let tokenLimit: Int
    private var tokenCount = 0
    /// What has been written as text.
    private var tokens: [Int32] = []
    private var standing: Standing

    private enum Standing {
        case known(FormatAutomaton.Position, FormatAutomaton.Next)
        case sought(Finding)
    }

    /// Begins with an empty answer that has room for `tokenLimit` tokens. Once there is room for no other, only tokens
    /// are allowed behind which the answer can still become whole.
    public init(_ automaton: FormatAutomaton, tokenLimit: Int = .max) {
        self.automaton = automaton
        self.tokenLimit = tokenLimit
        standing = Self.standing(automaton, after: [], at: FormatAutomaton.Position(), within: tokenLimit)
    }

    /// Takes the answer's next token; does not wait for the mask behind it.
    public mutating func append(_ token: Int32) {
        tokenCount += 1
        guard automaton.isText(token) else { return }
        tokens.append(token)
        standing = Self.standing(automaton, after: tokens, at: position, within: tokenLimit - tokenCount)
    }

    /// The tokens that may follow, a bit for each in words of 64; none if the format broke.
    public var mask: [UInt64] {
        switch standing {
        case .known(_, let next): next.mask
        case .sought(let finding): finding.result.next.mask
        }
    }

    /// Whether the answer fits the format as it stands.
    public var isWhole: Bool {
        switch standing {
        case .known(_, let next): next.isWhole
        case .sought(let finding): finding.result.next.isWhole
        }
    }

    /// Whether the format's states have come to take more room than they may; then nothing may follow.
    public var isBroken: Bool {
        switch standing {
        case .known: false
        case .sought(let finding): finding.result.isBroken
        }
    }

    private var position: FormatAutomaton.Position {
        switch standing {
        case .known(let position, _): position
        case .sought(let finding): finding.result.position
        }
    }

    /// The newest of the tokens has not been looked at from this position.
    private static func standing(
        _ automaton: FormatAutomaton, after tokens: [Int32], at position: FormatAutomaton.Position,
        within tokenCount: Int
    ) -> Standing {
        if let (moved, next) = automaton.knownNext(after: tokens.last, at: position, within: tokenCount) {
            return .known(moved, next)
        }
        return .sought(Finding(automaton, tokens, position, within: tokenCount))
    }
}
