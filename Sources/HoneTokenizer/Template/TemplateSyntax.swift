/// A value written in a template.
enum TemplateLiteral: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)

    var value: TemplateValue {
        switch self {
        case .none: .none
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let text): .string(text)
        }
    }
}

/// An expression of a template.
indirect enum TemplateExpression: Sendable {
    case literal(TemplateLiteral)
    case name(String)
    case member(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, start: TemplateExpression?, stop: TemplateExpression?, step: TemplateExpression?)
    case call(TemplateExpression, Arguments)
    case filter(TemplateExpression, String, Arguments)
    case test(TemplateExpression, String, [TemplateExpression])
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case binary(TemplateExpression, String, TemplateExpression)
    case conditional(TemplateExpression, if: TemplateExpression, else: TemplateExpression?)
    case list([TemplateExpression])
    case map([(key: TemplateExpression, value: TemplateExpression)])

    struct Arguments: Sendable {
        var plain: [TemplateExpression] = []
        var named: [(name: String, value: TemplateExpression)] = []
    }
}

/// A statement of a template, and the line that it is on.
struct TemplateStatement: Sendable {
    indirect enum Kind: Sendable {
        case text(String)
        case output(TemplateExpression)
        case choice([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
        case loop(Loop)
        /// `set name = …`, and `set space.name = …`.
        case set(name: String, member: String?, TemplateExpression)
        case capture(name: String, body: [TemplateStatement])
        case macro(Macro)
        case leave
        case goOn
    }

    struct Loop: Sendable {
        let names: [String]
        let source: TemplateExpression
        let condition: TemplateExpression?
        let body: [TemplateStatement]
        let otherwise: [TemplateStatement]
    }

    struct Macro: Sendable {
        let name: String
        let parameters: [(name: String, value: TemplateExpression?)]
        let body: [TemplateStatement]
    }

    let kind: Kind
    let line: Int
}
