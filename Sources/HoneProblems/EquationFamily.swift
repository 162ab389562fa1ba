/// Linear equations in `x` with an integer solution, solved by undoing one operation a step.
enum EquationFamily {
    static func equation(_ random: inout RandomSource) -> Draft {
        switch random.integer(0...5) {
        case 0, 1: scaledSum(&random)
        case 2: scaledBracket(&random)
        case 3: quotientSum(&random)
        default: bothSides(&random)
        }
    }

    /// `3*x+5=20`: `20-5=15`, `15/3=5`.
    private static func scaledSum(_ random: inout RandomSource) -> Draft {
        let (factor, solution, offset) = (random.integer(2...9), signedSolution(&random), random.integer(1...60))
        let operation = sign(&random)
        let scaled = factor * solution
        var steps = WorkedSteps()
        let total = operation == .add ? scaled + offset : scaled - offset
        steps.apply(operation.inverse, total, offset)
        steps.apply(.divide, scaled, factor)
        return draft(
            .binary(operation, .scaled(factor), .integer(offset)), .integer(total), steps: steps, solution: solution)
    }

    /// `4*(x-3)=20` without the bracket: `4*3=12`, `20+12=32` by its places, `32/4=8`.
    private static func scaledBracket(_ random: inout RandomSource) -> Draft {
        let (factor, solution, offset) = (random.integer(2...9), random.integer(1...12), random.integer(1...60))
        let operation: Expression.Operator = solution > offset ? sign(&random) : .add
        let total = factor * (operation == .add ? solution + offset : solution - offset)
        var steps = WorkedSteps()
        let product = steps.apply(.multiply, factor, offset)
        let scaled = steps.apply(operation.inverse, total, product)
        steps.apply(.divide, scaled, factor)
        return draft(
            .binary(.multiply, .integer(factor), .binary(operation, .unknown, .integer(offset))), .integer(total),
            steps: steps, solution: solution)
    }

    /// `x/6-2=7`: `7+2=9`, `9*6=54`.
    private static func quotientSum(_ random: inout RandomSource) -> Draft {
        let (divisor, quotient, offset) = (random.integer(2...9), random.integer(2...12), random.integer(1...60))
        let operation = sign(&random)
        let total = operation == .add ? quotient + offset : quotient - offset
        var steps = WorkedSteps()
        steps.apply(operation.inverse, total, offset)
        steps.apply(.multiply, quotient, divisor)
        return draft(
            .binary(operation, .binary(.divide, .unknown, .integer(divisor)), .integer(offset)), .integer(total),
            steps: steps, solution: quotient * divisor)
    }

    /// `5*x-4=2*x+11`: `5-2=3`, `11+4=15`, `15/3=5`.
    private static func bothSides(_ random: inout RandomSource) -> Draft {
        let (left, difference) = (random.integer(3...9), random.integer(2...8))
        let (right, solution, offset) = (max(1, left - difference), signedSolution(&random), random.integer(1...60))
        let operation = sign(&random)
        let scaled = (left - right) * solution
        let total = operation == .add ? scaled + offset : scaled - offset
        var steps = WorkedSteps()
        steps.apply(.subtract, left, right)
        steps.apply(operation.inverse, total, offset)
        steps.apply(.divide, scaled, left - right)
        return draft(
            .binary(operation, .scaled(left), .integer(offset)),
            .binary(total < 0 ? .subtract : .add, .scaled(right), .integer(abs(total))),
            steps: steps, solution: solution)
    }

    /// Nine in ten solutions are positive.
    private static func signedSolution(_ random: inout RandomSource) -> Int {
        random.chance(percent: 90) ? random.integer(1...12) : -random.integer(1...12)
    }

    private static func sign(_ random: inout RandomSource) -> Expression.Operator {
        random.chance(percent: 50) ? .add : .subtract
    }

    private static func draft(
        _ left: Expression, _ right: Expression, steps: WorkedSteps, solution: Int
    ) -> Draft {
        Draft(
            prompt: "\(left)=\(right), x=?", steps: steps.lines, answer: solution,
            canonicalForm: CanonicalForm.ofEquation(left, right))
    }
}

extension Expression {
    /// `factor*x`, and plain `x` for one.
    fileprivate static func scaled(_ factor: Int) -> Expression {
        factor == 1 ? .unknown : .binary(.multiply, .integer(factor), .unknown)
    }
}

extension Expression.Operator {
    fileprivate var inverse: Expression.Operator {
        switch self {
        case .add: .subtract
        case .subtract: .add
        case .multiply: .divide
        case .divide: .multiply
        }
    }
}
