/// Writes a calculation down as a person does it: one operation a line, by place value.
struct WorkedSteps {
    private(set) var lines: [String] = []

    /// Calculates an expression without unknown; nil where an operation leaves the bounds, with `lines` unfinished.
    mutating func solve(_ expression: Expression, within bounds: OperandBounds) -> Int? {
        switch expression {
        case .number(let value):
            return value.isInteger ? Int(value.numerator) : nil
        case .unknown, .negated:
            return nil
        case .binary(let operation, let left, let right):
            guard let left = solve(left, within: bounds), let right = solve(right, within: bounds),
                bounds.allow(operation, left, right)
            else { return nil }
            return apply(operation, left, right)
        }
    }

    /// Appends the steps of one operation and returns its result; a quotient must be exact.
    @discardableResult
    mutating func apply(_ operation: Expression.Operator, _ left: Int, _ right: Int) -> Int {
        switch operation {
        case .add, .subtract: sum(operation, left, right)
        case .multiply: product(left, right)
        case .divide: equation(.divide, left, right)
        }
    }

    /// `82-47` as it is done in the head, the greatest place first: `82-40=42`, `42-7=35`. Below zero it is no
    /// different: `41-57` is `41-50=-9`, `-9-7=-16`.
    @discardableResult
    private mutating func sum(_ operation: Expression.Operator, _ left: Int, _ right: Int) -> Int {
        Self.placeValues(right).reduce(left) { equation(operation, $0, $1) }
    }

    /// `47*6` by place value: `40*6=240`, `7*6=42`, and then their sum, `240+40=280`, `280+2=282`.
    private mutating func product(_ left: Int, _ right: Int) -> Int {
        let (leftParts, rightParts) = (Self.placeValues(left), Self.placeValues(right))
        var partial: [Int] = []
        for rightPart in rightParts {
            for leftPart in leftParts { partial.append(equation(.multiply, leftPart, rightPart)) }
        }
        return partial.dropFirst().reduce(partial[0]) { sum(.add, $0, $1) }
    }

    @discardableResult
    private mutating func equation(_ operation: Expression.Operator, _ left: Int, _ right: Int) -> Int {
        let result =
            switch operation {
            case .add: left + right
            case .subtract: left - right
            case .multiply: left * right
            case .divide: left / right
            }
        precondition(operation != .divide || result * right == left, "\(left)/\(right) is not exact")
        lines.append("\(left)\(operation.rawValue)\(right < 0 ? "(\(right))" : "\(right)")=\(result)")
        return result
    }

    /// 247 is 200, 40 and 7; 240 is 200 and 40; zero and negative numbers stay whole.
    private static func placeValues(_ value: Int) -> [Int] {
        guard value > 0 else { return [value] }
        var parts: [Int] = []
        var (rest, place) = (value, 1)
        while rest > 0 {
            if rest % 10 > 0 { parts.append(rest % 10 * place) }
            (rest, place) = (rest / 10, place * 10)
        }
        return parts.reversed()
    }
}

/// Which operations a generated problem may contain, so that each is within reach of the steps taught.
///
/// Operands are never negative, so only the last result can be.
struct OperandBounds {
    var results = -99...999
    var smallerFactors = 2...9
    var largerFactors = 2...99
    var divisors = 2...9
    var quotients = 2...12

    func allow(_ operation: Expression.Operator, _ left: Int, _ right: Int) -> Bool {
        guard left >= 0, right >= 0 else { return false }
        return switch operation {
        case .add: results.contains(left + right)
        case .subtract: results.contains(left - right)
        case .multiply: smallerFactors.contains(min(left, right)) && largerFactors.contains(max(left, right))
        case .divide:
            divisors.contains(right) && left.isMultiple(of: right) && quotients.contains(left / right)
        }
    }
}
