/// A final answer as people write it: `1,000`, `$5`, `-2.50`, `10/4`, `1 1/2`, `50%`, `12 apples`, `x=7`.
public struct AnswerText: Hashable, Sendable {
    public let value: Rational
    public let isPercentage: Bool

    /// - Throws: ``ProblemError`` where the text is no single number, or one that does not fit.
    public init(_ text: String) throws(ProblemError) {
        guard text.utf8.count <= ExpressionParser.byteLimit else {
            throw .tooLong(byteCount: text.utf8.count, limit: ExpressionParser.byteLimit)
        }
        var scanner = AnswerScanner(text: text)
        value = try scanner.number()
        isPercentage = scanner.accept(UInt8(ascii: "%"))
        try scanner.unit()
    }

    /// Whether both mean the same amount; `50%` is 50 of a percentage and also one half.
    public func matches(_ other: AnswerText) -> Bool {
        if value == other.value { return true }
        guard isPercentage != other.isPercentage else { return false }
        let (percentage, plain) = isPercentage ? (value, other.value) : (other.value, value)
        do {
            return try percentage / Rational(100) == plain
        } catch {
            return false  // a hundredth that does not fit 64 bits equals nothing that does
        }
    }
}

/// Reads an answer from left to right.
private struct AnswerScanner {
    private let text: String
    private let bytes: [UInt8]
    private var offset = 0

    init(text: String) {
        self.text = text
        bytes = MathText.normalized(text)
    }

    /// An optional `x=`, sign and currency, then a decimal, a fraction, or a whole number and a fraction.
    mutating func number() throws(ProblemError) -> Rational {
        if accept(UInt8(ascii: "x")), !accept(UInt8(ascii: "=")) { throw malformed("\"=\"") }
        var isNegative = accept(UInt8(ascii: "-"))
        if accept(UInt8(ascii: "$")), accept(UInt8(ascii: "-")) { isNegative.toggle() }
        let first = try unsigned()
        let magnitude: Rational
        if accept(UInt8(ascii: "/")) {
            magnitude = try first / signed()
        } else if first.isInteger, let numerator = try optionalUnsigned() {
            guard accept(UInt8(ascii: "/")) else { throw malformed("a fraction") }
            magnitude = try first + numerator / unsigned()
        } else {
            magnitude = first
        }
        return isNegative ? try Rational.zero - magnitude : magnitude
    }

    /// Words after the number, which do not count: letters, spaces, `$`, and a full stop at the end.
    mutating func unit() throws(ProblemError) {
        while offset < bytes.count {
            let byte = bytes[offset]
            let isWord = byte >= 0x80 || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
            let isLast = offset == bytes.count - 1
            guard
                isWord || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "$")
                    || (isLast && byte == UInt8(ascii: "."))
            else { throw malformed("a number and at most a unit") }
            offset += 1
        }
    }

    mutating func accept(_ byte: UInt8) -> Bool {
        skipSpaces()
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func signed() throws(ProblemError) -> Rational {
        let isNegative = accept(UInt8(ascii: "-"))
        let value = try unsigned()
        return isNegative ? try Rational.zero - value : value
    }

    private mutating func unsigned() throws(ProblemError) -> Rational {
        guard let value = try optionalUnsigned() else { throw malformed("a number") }
        return value
    }

    private mutating func optionalUnsigned() throws(ProblemError) -> Rational? {
        skipSpaces()
        guard let (value, end) = try MathText.number(in: bytes, at: offset) else { return nil }
        offset = end
        return value
    }

    private mutating func skipSpaces() {
        while offset < bytes.count, bytes[offset] == UInt8(ascii: " ") { offset += 1 }
    }

    private func malformed(_ expected: String) -> ProblemError {
        .malformed(text: text, offset: offset, expected: expected)
    }
}
