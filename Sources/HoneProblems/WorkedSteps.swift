/// Writes a calculation down as a person does it: one operation a line, by place value, signs apart.
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
        case .divide: quotient(left, right)
        }
    }

    /// A sum or difference that touches negative numbers begins with the one without signs: `41-50` is `50-41=9` and
    /// then `41-50=-9`, `-4-47` is `4+47=51` and then `-4-47=-51`.
    private mutating func sum(_ operation: Expression.Operator, _ left: Int, _ right: Int) -> Int {
        let result = operation == .add ? left + right : left - right
        if left < 0 || result < 0 {
            let size = abs(left)
            if (operation == .subtract) == (left < 0) {
                equation(.add, size, right)
            } else {
                equation(.subtract, max(size, right), min(size, right))
            }
        }
        return equation(operation, left, right)
    }

    /// `47*6` by place value: `40*6=240`, `7*6=42`, `240+42=282`.
    private mutating func product(_ left: Int, _ right: Int) -> Int {
        let (leftParts, rightParts) = (Self.placeValues(left), Self.placeValues(right))
        var partial: [Int] = []
        for rightPart in rightParts {
            for leftPart in leftParts { partial.append(equation(.multiply, leftPart, rightPart)) }
        }
        return partial.dropFirst().reduce(partial[0]) { equation(.add, $0, $1) }
    }

    /// `378/6` by long division, the tens of the quotient first: `60*6=360`, `378-360=18`, `18/6=3`, `60+3=63`.
    private mutating func quotient(_ dividend: Int, _ divisor: Int) -> Int {
        let result = dividend / divisor
        precondition(result * divisor == dividend, "\(dividend)/\(divisor) is not exact")
        let (tens, ones) = (result / 10 * 10, result % 10)
        guard tens > 0, ones > 0 else { return equation(.divide, dividend, divisor) }
        let part = equation(.multiply, tens, divisor)
        let rest = equation(.subtract, dividend, part)
        equation(.divide, rest, divisor)
        return equation(.add, tens, ones)
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
        lines.append("\(left)\(operation.rawValue)\(right < 0 ? "(\(right))" : "\(right)")=\(result)")
        return result
    }

    /// 47 is 40 and 7; numbers below ten, round ones and negative ones stay whole.
    private static func placeValues(_ value: Int) -> [Int] {
        guard value >= 10, value < 100, !value.isMultiple(of: 10) else { return [value] }
        return [value / 10 * 10, value % 10]
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
