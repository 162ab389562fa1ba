/// What can go wrong in reading, checking or making a problem.
public enum ProblemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A number or an intermediate result does not fit a fraction of 64-bit integers.
    case overflow
    case divisionByZero
    /// `offset` counts UTF-8 bytes from the start of `text`.
    case malformed(text: String, offset: Int, expected: String)
    case tooLong(byteCount: Int, limit: Int)
    case tooDeep(limit: Int)
    /// The expression holds `x`, and no value for it was given.
    case unboundUnknown
    case exhausted(level: ProblemLevel, split: ProblemSplit, found: Int)
    case noLevels

    public var description: String {
        switch self {
        case .overflow: "a number does not fit 64 bits"
        case .divisionByZero: "division by zero"
        case .malformed(let text, let offset, let expected):
            "expected \(expected) at byte \(offset) of \"\(text.prefix(80))\""
        case .tooLong(let byteCount, let limit): "\(byteCount) bytes of expression; at most \(limit) are read"
        case .tooDeep(let limit): "parentheses nested deeper than \(limit)"
        case .unboundUnknown: "an unknown x that has no value here"
        case .exhausted(let level, let split, let found):
            "no more than \(found) distinct \(split.rawValue) problems of level \(level.rawValue) were found; "
                + "ask for fewer, or for other levels"
        case .noLevels: "a problem generator needs at least one level"
        }
    }
}
