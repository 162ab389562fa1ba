internal import HoneProblems

/// Templates in Polish notation with a letter for each number of the text, tokens parted by spaces: `- A * B 12`.
extension EquationTemplate {
    /// Numbers beyond the letters have no name.
    static let letters = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { Character(Unicode.Scalar($0)) }

    /// Nil where a number has no letter, or a constant no decimal form.
    var prefixText: String? {
        switch self {
        case .number(let index): Self.letters.indices.contains(index) ? String(Self.letters[index]) : nil
        case .constant(let value): value.decimalText
        case .negated(let operand): operand.prefixText.map { "- 0 \($0)" }
        case .binary(let operation, let left, let right):
            left.prefixText.flatMap { left in right.prefixText.map { "\(operation.rawValue) \(left) \($0)" } }
        }
    }

    /// Reads the notation; nil for anything else.
    init?(prefixText text: String) {
        var stack: [EquationTemplate] = []
        for token in text.split(whereSeparator: \.isWhitespace).reversed() {
            if token.count == 1, let operation = Expression.Operator(rawValue: token[token.startIndex]) {
                guard let left = stack.popLast(), let right = stack.popLast() else { return nil }
                stack.append(.binary(operation, left, right))
            } else if token.count == 1, let index = Self.letters.firstIndex(of: token[token.startIndex]) {
                stack.append(.number(index))
            } else if let value = Rational(publishedNumber: String(token)) {
                stack.append(.constant(value))
            } else {
                return nil
            }
        }
        guard let template = stack.popLast(), stack.isEmpty else { return nil }
        self = template
    }
}
