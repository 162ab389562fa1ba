/// Questions of the form `(23+4)*5=?`: one operation at level 1, two or three at level 2.
enum CalculationFamily {
    /// One operation on numbers below one hundred, with a quotient that is exact.
    static func singleOperation(_ random: inout RandomSource) -> Draft {
        let operation = random.element(
            of: [.add, .add, .subtract, .subtract, .multiply, .divide] as [Expression.Operator])
        let (left, right) = operands(of: operation, &random)
        return draft(.binary(operation, .integer(left), .integer(right)), within: OperandBounds())
            ?? singleOperation(&random)
    }

    /// Two or three operations in any tree whose intermediate results stay in bounds.
    static func multiStep(_ random: inout RandomSource) -> Draft {
        let operationCount = random.chance(percent: 80) ? 2 : 3
        while true {
            let tree = tree(operationCount: operationCount, &random)
            if let draft = draft(tree, within: OperandBounds()) { return draft }
        }
    }

    private static func operands(of operation: Expression.Operator, _ random: inout RandomSource) -> (Int, Int) {
        switch operation {
        case .add, .subtract:
            return (random.integer(0...99), random.integer(0...99))
        case .multiply:
            let (larger, smaller) = (random.integer(2...99), random.integer(2...9))
            return random.chance(percent: 50) ? (larger, smaller) : (smaller, larger)
        case .divide:
            let (quotient, divisor) = (random.integer(2...12), random.integer(2...9))
            return (quotient * divisor, divisor)
        }
    }

    private static func tree(operationCount: Int, _ random: inout RandomSource) -> Expression {
        guard operationCount > 0 else {
            return .integer(random.chance(percent: 50) ? random.integer(2...9) : random.integer(10...99))
        }
        let operation = random.element(of: Expression.Operator.allCases)
        let leftCount = random.integer(0...operationCount - 1)
        let rightCount = operationCount - 1 - leftCount
        if operation == .divide, leftCount == 0, rightCount == 0 {
            // Two random numbers hardly ever have a whole quotient.
            let (dividend, divisor) = operands(of: .divide, &random)
            return .binary(.divide, .integer(dividend), .integer(divisor))
        }
        return .binary(
            operation, tree(operationCount: leftCount, &random), tree(operationCount: rightCount, &random))
    }

    private static func draft(_ expression: Expression, within bounds: OperandBounds) -> Draft? {
        var steps = WorkedSteps()
        guard let answer = steps.solve(expression, within: bounds) else { return nil }
        return Draft(
            prompt: "\(expression)=?", steps: steps.lines, answer: answer, canonicalForm: CanonicalForm.of(expression))
    }
}

/// A generated question before its split is known.
struct Draft {
    let prompt: String
    let steps: [String]
    let answer: Int
    let canonicalForm: String
}
