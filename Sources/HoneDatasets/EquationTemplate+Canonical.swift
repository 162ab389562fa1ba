internal import HoneProblems

extension EquationTemplate {
    /// The same value with the operands of sums and products in the order of the text, and what is subtracted or
    /// divided by last: `n1-(n2-n0)` is `(n0+n1)-n2`.
    ///
    /// What has one form only is learnt from fewer examples.
    var canonical: EquationTemplate {
        switch self {
        case .number, .constant: self
        case .negated(let operand): .binary(.subtract, .constant(.zero), operand.canonical)
        case .binary(let operation, _, _): OperandChain(of: self, like: operation).template
        }
    }

    /// The first number of the text that it uses; constants stand behind all numbers.
    fileprivate var firstNumber: Int {
        switch self {
        case .number(let index): index
        case .constant: .max
        case .negated(let operand): operand.firstNumber
        case .binary(_, let left, let right): min(left.firstNumber, right.firstNumber)
        }
    }
}

/// The operands of neighbouring operations of one kind: sums and differences, or products and quotients.
private struct OperandChain {
    private let operation: Expression.Operator
    private let inverse: Expression.Operator
    private var straight: [EquationTemplate] = []
    private var inverted: [EquationTemplate] = []

    init(of template: EquationTemplate, like operation: Expression.Operator) {
        let isSum = operation == .add || operation == .subtract
        self.operation = isSum ? .add : .multiply
        inverse = isSum ? .subtract : .divide
        gather(template, isInverted: false)
    }

    private mutating func gather(_ template: EquationTemplate, isInverted: Bool) {
        if case .binary(let found, let left, let right) = template, found == operation || found == inverse {
            gather(left, isInverted: isInverted)
            gather(right, isInverted: isInverted != (found == inverse))
        } else if isInverted {
            inverted.append(template.canonical)
        } else {
            straight.append(template.canonical)
        }
    }

    /// A chain's first operand is never inverted, so there is one that is not.
    var template: EquationTemplate {
        let ordered = Self.ordered(straight)
        let sum = ordered.dropFirst().reduce(ordered[0]) { .binary(operation, $0, $1) }
        return Self.ordered(inverted).reduce(sum) { .binary(inverse, $0, $1) }
    }

    private static func ordered(_ operands: [EquationTemplate]) -> [EquationTemplate] {
        operands.sorted { ($0.firstNumber, $0.description) < ($1.firstNumber, $1.description) }
    }
}
