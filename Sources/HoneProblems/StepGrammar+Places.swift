extension StepGrammar {
    /// The way to an equation of two whole numbers by their place values, as generated problems have it:
    /// `76-25=51` is `76-20=56`, `56-5=51`.
    ///
    /// - Returns: steps of which the last has the equation's value; the equation alone where there is no such way:
    ///   quotients, decimals, several operations, numbers of more than five digits, and what is not true.
    public static func byPlaces(_ equation: String) -> [String] {
        let sides = equation.split(separator: "=")
        guard sides.count == 2 else { return [equation] }
        do {
            let (left, claimed) = (
                try ExpressionParser.parse(String(sides[0])), try ExpressionParser.parse(String(sides[1]))
            )
            guard case .binary(let operation, .number(let first), .number(let second)) = left,
                operation != .divide, let first = first.placed, let second = second.placed,
                try left.value() == claimed.value()
            else { return [equation] }
            var steps = WorkedSteps()
            steps.apply(operation, first, second)
            return steps.lines.count <= 12 ? steps.lines : [equation]
        } catch {
            return [equation]  // words, which have no places
        }
    }
}

extension Rational {
    /// The number, if it is whole, not negative and has at most five digits.
    fileprivate var placed: Int? {
        isInteger && (0...99_999).contains(numerator) ? Int(numerator) : nil
    }
}
