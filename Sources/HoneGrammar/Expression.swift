/// A set of texts, byte by byte.
indirect enum Expression: Hashable, Sendable {
    case byte(ClosedRange<UInt8>)
    case sequence([Expression])
    case choice([Expression])
    /// `maximum` is nil where there is none.
    case repeated(Expression, minimum: Int, maximum: Int?)
    /// Whatever a rule of the grammar says, by its number; so a rule may hold itself.
    case rule(Int)

    static let nothing = Expression.sequence([])

    static func text(_ text: some StringProtocol) -> Expression { .sequence(text.utf8.map { .byte($0...$0) }) }

    static func optional(_ expression: Expression) -> Expression { .repeated(expression, minimum: 0, maximum: 1) }
}

/// Rules as they are put together.
struct GrammarDraft {
    private(set) var rules: [Expression?] = []
    private var shared: [Expression: Int] = [:]

    /// A rule to be defined later, since it holds itself.
    mutating func reserve() -> Int {
        rules.append(nil)
        return rules.count - 1
    }

    mutating func define(_ rule: Int, as expression: Expression) { rules[rule] = expression }

    /// One rule for all places where this expression stands.
    mutating func share(_ expression: Expression) -> Expression {
        if case .rule = expression { return expression }
        if let rule = shared[expression] { return .rule(rule) }
        let rule = reserve()
        define(rule, as: expression)
        shared[expression] = rule
        return .rule(rule)
    }
}
