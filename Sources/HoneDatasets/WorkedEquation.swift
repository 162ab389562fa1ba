import HoneProblems

/// An equation's value and the way there, one operation a step.
struct WorkedEquation {
    let value: Rational
    /// For example ["76-25=51"].
    let steps: [String]

    /// - Throws: `RowFault` if the equation has no value.
    init(_ expression: Expression) throws(RowFault) {
        do {
            var steps: [String] = []
            value = try Self.work(expression, &steps)
            self.steps = steps
        } catch {
            throw RowFault("the equation \(expression) cannot be worked out: \(error)")
        }
    }

    /// Reads an equation as it is usually written.
    init(infix text: String) throws(RowFault) {
        let expression: Expression
        do { expression = try ExpressionParser.parse(text) } catch { throw RowFault("a bad equation: \(error)") }
        try self.init(expression)
    }

    /// Reads an equation in Polish notation, tokens parted by spaces: `- number0 * number1 2.0`, where `numbers` are
    /// what `number0`, `number1`, … stand for.
    init(prefix text: String, numbers: [Rational]) throws(RowFault) {
        var stack: [Expression] = []
        for token in text.split(separator: " ").reversed() {
            if token.count == 1, let operation = Character(String(token)).operation {
                guard let left = stack.popLast(), let right = stack.popLast() else {
                    throw RowFault("the equation \"\(text)\" lacks an operand of '\(token)'")
                }
                stack.append(.binary(operation, left, right))
            } else {
                stack.append(.number(try Self.operand(String(token), numbers)))
            }
        }
        guard let expression = stack.popLast(), stack.isEmpty else {
            throw RowFault("the equation \"\(text)\" is not one expression in prefix form")
        }
        try self.init(expression)
    }

    private static func operand(_ token: String, _ numbers: [Rational]) throws(RowFault) -> Rational {
        if token.hasPrefix("number") {
            guard let index = Int(token.dropFirst("number".count)), numbers.indices.contains(index) else {
                throw RowFault("the equation uses \(token), but there are \(numbers.count) numbers")
            }
            return numbers[index]
        }
        guard let value = Rational(publishedNumber: token) else { throw RowFault("'\(token)' is not a number") }
        return value
    }

    private static func work(_ expression: Expression, _ steps: inout [String]) throws(ProblemError) -> Rational {
        guard case .binary(let operation, let left, let right) = expression else {
            if case .negated(let operand) = expression { return try Rational.zero - work(operand, &steps) }
            return try expression.value()
        }
        let operands = (try work(left, &steps), try work(right, &steps))
        let value = try Expression.binary(operation, .number(operands.0), .number(operands.1)).value()
        steps.append(
            operands.0.stepText + String(operation.rawValue) + written(operands.1) + "=" + value.stepText)
        return value
    }

    private static func written(_ right: Rational) -> String {
        let text = right.stepText
        return text.hasPrefix("-") ? "(\(text))" : text
    }
}

extension Character {
    fileprivate var operation: Expression.Operator? { Expression.Operator(rawValue: self) }
}

extension Example {
    /// Takes over an equation's steps if it leads to the reference answer; else the example stays without steps.
    mutating func adopt(_ equation: WorkedEquation) {
        guard Rational(publishedNumber: answer) == equation.value else { return }
        steps = equation.steps
    }
}
