/// A parsed arithmetic expression over exact numbers, with at most one unknown `x`.
public indirect enum Expression: Hashable, Sendable {
    case number(Rational)
    case unknown
    case negated(Expression)
    case binary(Operator, Expression, Expression)

    /// The four operations, by the byte that writes them.
    public enum Operator: Character, Hashable, Sendable, CaseIterable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"

        /// Whether it binds more tightly than a sum.
        var isMultiplicative: Bool { self == .multiply || self == .divide }
    }

    public static func integer(_ value: Int) -> Expression { .number(Rational(Int64(value))) }

    /// The exact value, with `unknown` standing for `x`.
    public func value(unknown: Rational? = nil) throws(ProblemError) -> Rational {
        switch self {
        case .number(let value): return value
        case .unknown:
            guard let unknown else { throw .unboundUnknown }
            return unknown
        case .negated(let operand): return try Rational.zero - operand.value(unknown: unknown)
        case .binary(let operation, let left, let right):
            let (left, right) = (try left.value(unknown: unknown), try right.value(unknown: unknown))
            switch operation {
            case .add: return try left + right
            case .subtract: return try left - right
            case .multiply: return try left * right
            case .divide: return try left / right
            }
        }
    }

    /// Every number written in the expression, from left to right.
    public var numbers: [Rational] {
        switch self {
        case .number(let value): [value]
        case .unknown: []
        case .negated(let operand): operand.numbers
        case .binary(_, let left, let right): left.numbers + right.numbers
        }
    }
}

extension Expression: CustomStringConvertible {
    /// The expression with no more parentheses than its meaning needs, without spaces.
    public var description: String {
        switch self {
        case .number(let value): value.isInteger ? value.description : "(\(value))"
        case .unknown: "x"
        case .negated(let operand): "-" + operand.text(tighterThan: .multiply, onTheRight: true)
        case .binary(let operation, let left, let right):
            left.text(tighterThan: operation, onTheRight: false) + String(operation.rawValue)
                + right.text(tighterThan: operation, onTheRight: true)
        }
    }

    private func text(tighterThan outer: Operator, onTheRight: Bool) -> String {
        let needsParentheses =
            switch self {
            case .number(let value): onTheRight && value < .zero
            case .unknown: false
            case .negated: onTheRight
            case .binary(let inner, _, _):
                (outer.isMultiplicative && !inner.isMultiplicative)
                    || (onTheRight && outer.isMultiplicative == inner.isMultiplicative)
            }
        return needsParentheses ? "(\(self))" : description
    }
}
