internal import HoneTokenizer

/// How JSON is written in answers.
enum JSONText {
    static let comma = Expression.sequence([.text(","), .optional(.text(" "))])
    static let colon = Expression.sequence([.text(":"), .optional(.text(" "))])

    /// One character of a string: itself, or one of JSON's escapes, but for halves of surrogate pairs.
    static let character: Expression = {
        let digit = Expression.choice([.byte(0x30...0x39), .byte(0x41...0x46), .byte(0x61...0x66)])
        let highDigit = Expression.choice([
            .byte(0x30...0x39), .byte(0x41...0x43), .byte(0x45...0x46), .byte(0x61...0x63), .byte(0x65...0x66),
        ])
        let belowSurrogates = Expression.sequence([.choice([.text("d"), .text("D")]), .byte(0x30...0x37)])
        let short = Expression.choice("\"\\/bfnrt".map { .text(String($0)) })
        let code = Expression.sequence([
            .text("u"), .choice([.sequence([highDigit, digit]), belowSurrogates]), digit, digit,
        ])
        return .choice([
            UTF8Sequences.expression(of: [0x20...0x21, 0x23...0x5b, 0x5d...0xd7ff, 0xe000...0x10ffff]),
            .sequence([.text("\\"), .choice([short, code])]),
        ])
    }()

    static let string = quoted(.repeated(character, minimum: 0, maximum: nil))

    static func quoted(_ inside: Expression) -> Expression { .sequence([.text("\""), inside, .text("\"")]) }

    /// A list without bounds.
    static func array(of element: Expression) -> Expression {
        list("[", element, minimum: 0, maximum: nil, "]")
    }

    /// An object of any number of members.
    static func object(_ member: [Expression]) -> Expression {
        list("{", .sequence(member), minimum: 0, maximum: nil, "}")
    }

    /// Elements with commas between them.
    static func list(
        _ opening: String, _ element: Expression, minimum: Int, maximum: Int?, _ closing: String
    ) -> Expression {
        if maximum == 0 { return .text(opening + closing) }
        let rest = Expression.repeated(
            .sequence([comma, element]), minimum: max(minimum - 1, 0), maximum: maximum.map { $0 - 1 })
        let elements = Expression.sequence([element, rest])
        return .sequence([.text(opening), minimum == 0 ? .optional(elements) : elements, .text(closing)])
    }
}

extension OrderedJSON {
    /// The value as answers write it, its members in the order of the file.
    var jsonText: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .number(let number): number == number.rounded() && !isInexact ? "\(Int(number))" : "\(number)"
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map(\.jsonText).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0.name) + ":" + $0.value.jsonText }.joined(separator: ",") + "}"
        }
    }

    /// Whether it has a whole number that a file may have named more exactly.
    var isInexact: Bool {
        switch self {
        case .number(let number): abs(number) > 0x1p53
        case .array(let elements): elements.contains(where: \.isInexact)
        case .object(let members): members.contains { $0.value.isInexact }
        default: false
        }
    }

    func isOfType(_ name: String) -> Bool {
        switch self {
        case .null: name == "null"
        case .bool: name == "boolean"
        case .number(let number): name == "number" || (name == "integer" && number == number.rounded())
        case .string: name == "string"
        case .array: name == "array"
        case .object: name == "object"
        }
    }

    static func quoted(_ text: String) -> String {
        "\"" + text.unicodeScalars.map { RegexTranslation.escape($0.value) ?? String($0) }.joined() + "\""
    }
}
