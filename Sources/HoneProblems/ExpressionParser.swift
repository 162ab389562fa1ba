/// Reads `+ - * /`, parentheses, decimals, `1,000`, `50%`, a leading minus and the unknown `x`.
///
/// Length and depth are bounded, so that no text can exhaust the stack or the time of whoever checks it.
public struct ExpressionParser: Sendable {
    public static let byteLimit = 512
    public static let depthLimit = 32

    /// The expression that `text` writes, all of it.
    public static func parse(_ text: String) throws(ProblemError) -> Expression {
        let normalized = MathText.normalized(text)
        guard normalized.count <= byteLimit else { throw .tooLong(byteCount: normalized.count, limit: byteLimit) }
        var parser = ExpressionParser(text: text, bytes: normalized)
        let expression = try parser.sum(depth: 0)
        guard parser.next == nil else { throw parser.malformed("an operator or the end") }
        return expression
    }

    private let text: String
    private let bytes: [UInt8]
    private var offset = 0

    private init(text: String, bytes: [UInt8]) {
        self.text = text
        self.bytes = bytes
    }

    /// The next byte that is no space, which it steps to without consuming it.
    private var next: UInt8? {
        mutating get {
            while offset < bytes.count, bytes[offset] == UInt8(ascii: " ") { offset += 1 }
            return offset < bytes.count ? bytes[offset] : nil
        }
    }

    private mutating func sum(depth: Int) throws(ProblemError) -> Expression {
        guard depth <= Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
        var left = try product(depth: depth)
        while let operation = accept(.add, .subtract) {
            left = .binary(operation, left, try product(depth: depth))
        }
        return left
    }

    private mutating func product(depth: Int) throws(ProblemError) -> Expression {
        var left = try signed(depth: depth)
        while let operation = accept(.multiply, .divide) {
            left = .binary(operation, left, try signed(depth: depth))
        }
        return left
    }

    private mutating func signed(depth: Int) throws(ProblemError) -> Expression {
        guard depth <= Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
        guard accept(.subtract) != nil else { return try percentage(depth: depth) }
        return .negated(try signed(depth: depth + 1))
    }

    private mutating func percentage(depth: Int) throws(ProblemError) -> Expression {
        let operand = try primary(depth: depth)
        guard next == UInt8(ascii: "%") else { return operand }
        offset += 1
        return .binary(.divide, operand, .integer(100))
    }

    private mutating func primary(depth: Int) throws(ProblemError) -> Expression {
        switch next {
        case UInt8(ascii: "x"):
            offset += 1
            return .unknown
        case UInt8(ascii: "("):
            offset += 1
            let inner = try sum(depth: depth + 1)
            guard next == UInt8(ascii: ")") else { throw malformed("\")\"") }
            offset += 1
            return inner
        default:
            guard let number = try MathText.number(in: bytes, at: offset) else {
                throw malformed("a number, \"x\" or \"(\"")
            }
            offset = number.end
            return .number(number.value)
        }
    }

    private mutating func accept(_ operations: Expression.Operator...) -> Expression.Operator? {
        guard let next, let operation = operations.first(where: { $0.rawValue.asciiValue == next }) else { return nil }
        offset += 1
        return operation
    }

    private func malformed(_ expected: String) -> ProblemError {
        .malformed(text: text, offset: offset, expected: expected)
    }
}
