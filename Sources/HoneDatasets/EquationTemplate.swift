public import HoneProblems

/// The shape of an equation over a problem's numbers: `n0-n1` takes the second number in the text from the first.
public indirect enum EquationTemplate: Hashable, Sendable {
    /// The number at this place in the text, from 0.
    case number(Int)
    /// A number that the text does not hold.
    case constant(Rational)
    case negated(EquationTemplate)
    case binary(Expression.Operator, EquationTemplate, EquationTemplate)

    /// The template of an example's worked steps; nil if they do not form one equation.
    init?(_ example: Example) {
        guard let expression = Self.equation(example.steps) else { return nil }
        var free = Array(NumbersInText.all(in: example.prompt).enumerated())
        self.init(expression, &free)
    }

    /// Puts a problem's numbers in; nil if it has too few, or the equation no value.
    func value(for numbers: [Rational]) -> Rational? {
        guard let expression = expression(numbers) else { return nil }
        do { return try expression.value() } catch { return nil }
    }

    /// The equation with a problem's numbers; nil if it has too few.
    func expression(_ numbers: [Rational]) -> Expression? {
        switch self {
        case .number(let index): numbers.indices.contains(index) ? .number(numbers[index]) : nil
        case .constant(let value): .number(value)
        case .negated(let operand): operand.expression(numbers).map(Expression.negated)
        case .binary(let operation, let left, let right):
            left.expression(numbers).flatMap { left in
                right.expression(numbers).map { .binary(operation, left, $0) }
            }
        }
    }

    /// A number that stands twice in the text is taken in the order of the text.
    private init(_ expression: Expression, _ free: inout [(offset: Int, element: Rational)]) {
        switch expression {
        case .number(let value):
            guard let place = free.firstIndex(where: { $0.element == value }) else {
                self = .constant(value)
                return
            }
            self = .number(free[place].offset)
            if free[(place + 1)...].contains(where: { $0.element == value }) { free.remove(at: place) }
        case .unknown: preconditionFailure("steps hold no unknown")
        case .negated(let operand): self = .negated(Self(operand, &free))
        case .binary(let operation, let left, let right):
            let first = Self(left, &free)
            self = .binary(operation, first, Self(right, &free))
        }
    }

    /// One equation of all steps: a step's result is put in where a later step uses it.
    private static func equation(_ steps: [String]) -> Expression? {
        var results: [(value: Rational, way: Expression)] = []
        for step in steps {
            let sides = step.split(separator: "=")
            guard sides.count == 2, let value = Rational(publishedNumber: String(sides[1])) else { return nil }
            do {
                let expression = try ExpressionParser.parse(String(sides[0]))
                guard !expression.hasUnknown else { return nil }
                results.append((value, expression.replacing(&results)))
            } catch {
                return nil
            }
        }
        return results.last?.way
    }
}

extension Expression {
    fileprivate var hasUnknown: Bool {
        switch self {
        case .unknown: true
        case .number: false
        case .negated(let operand): operand.hasUnknown
        case .binary(_, let left, let right): left.hasUnknown || right.hasUnknown
        }
    }

    /// Puts the way to an earlier result in the place of the number; each result is used once.
    fileprivate func replacing(_ results: inout [(value: Rational, way: Expression)]) -> Expression {
        switch self {
        case .number(let value):
            guard let index = results.firstIndex(where: { $0.value == value }) else { return self }
            return results.remove(at: index).way
        case .unknown: return self
        case .negated(let operand): return .negated(operand.replacing(&results))
        case .binary(let operation, let left, let right):
            let first = left.replacing(&results)
            return .binary(operation, first, right.replacing(&results))
        }
    }
}

extension EquationTemplate: CustomStringConvertible {
    public var description: String {
        switch self {
        case .number(let index): "n\(index)"
        case .constant(let value): value.decimalText ?? "(\(value))"
        case .negated(let operand): "-\(operand.inner)"
        case .binary(let operation, let left, let right): "\(left.inner)\(operation.rawValue)\(right.inner)"
        }
    }

    private var inner: String {
        if case .binary = self { return "(\(self))" }
        return description
    }
}
