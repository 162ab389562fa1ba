/// A value inside a template, with the meaning that Jinja and Python give it.
enum TemplateValue {
    /// What is not there, and its name.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([TemplateValue])
    case map([Entry])
    case namespace(Namespace)
    case macro(TemplateStatement.Macro)
    case function(String)

    struct Entry {
        let key: String
        let value: TemplateValue
    }

    /// What `namespace(…)` makes: a map that a loop's body can write to.
    final class Namespace {
        var entries: [Entry]

        init(_ entries: [Entry]) { self.entries = entries }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let elements): !elements.isEmpty
        case .map(let entries): !entries.isEmpty
        case .namespace, .macro, .function: true
        }
    }

    var isDefined: Bool {
        if case .undefined = self { return false }
        return true
    }

    /// The number, a bool counting as 0 or 1.
    var real: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var whole: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// What Python calls it.
    var kind: String {
        switch self {
        case .undefined(let name): "'\(name)', which is not defined"
        case .none: "none"
        case .bool: "a bool"
        case .integer, .number: "a number"
        case .string: "a text"
        case .list: "a list"
        case .map: "a mapping"
        case .namespace: "a namespace"
        case .macro, .function: "a function"
        }
    }

    /// As it is printed.
    var text: String {
        switch self {
        case .undefined: ""
        case .string(let text): text
        default: literal
        }
    }

    /// As Python writes it, a text in quotes.
    private var literal: String {
        switch self {
        case .undefined: return "Undefined"
        case .none: return "None"
        case .bool(let value): return value ? "True" : "False"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .string(let text):
            let quote = text.contains("'") && !text.contains("\"") ? "\"" : "'"
            let escaped = text.replacingBytes(of: "\\", by: "\\\\").replacingBytes(of: "\n", by: "\\n")
                .replacingBytes(of: "\t", by: "\\t").replacingBytes(of: "\r", by: "\\r")
            return quote + (quote == "'" ? escaped.replacingBytes(of: "'", by: "\\'") : escaped) + quote
        case .list(let elements): return "[" + elements.map(\.literal).joined(separator: ", ") + "]"
        case .map(let entries):
            let pairs = entries.map { TemplateValue.string($0.key).literal + ": " + $0.value.literal }
            return "{" + pairs.joined(separator: ", ") + "}"
        case .namespace: return "<Namespace>"
        case .macro(let macro): return "<macro \(macro.name)>"
        case .function(let name): return "<function \(name)>"
        }
    }

    static func == (a: TemplateValue, b: TemplateValue) -> Bool {
        switch (a, b) {
        case (.none, .none): return true
        case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0 == $1 }
        case (.map(let a), .map(let b)):
            return a.count == b.count
                && a.allSatisfy { entry in b.contains { $0.key == entry.key && $0.value == entry.value } }
        case (.undefined, .undefined): return true
        default:
            guard let a = a.real, let b = b.real else { return false }
            return a == b
        }
    }

    /// A member of a mapping.
    func member(_ name: String) -> TemplateValue? {
        switch self {
        case .map(let entries): entries.first { $0.key == name }?.value
        case .namespace(let space): space.entries.first { $0.key == name }?.value
        default: nil
        }
    }

    /// As JSON, the way Python's `json.dumps` writes it with `ensure_ascii=False`.
    func json(indent: Int?, level: Int = 0) -> String? {
        func lines(_ open: String, _ parts: [String], _ close: String) -> String {
            guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ", ") + close }
            let inner = "\n" + String(repeating: " ", count: indent * (level + 1))
            let outer = "\n" + String(repeating: " ", count: indent * level)
            return open + parts.map { inner + $0 }.joined(separator: ",") + outer + close
        }
        switch self {
        case .none: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer, .number: return text
        case .string(let text): return Self.quoted(text)
        case .list(let elements):
            let parts = elements.compactMap { $0.json(indent: indent, level: level + 1) }
            return parts.count == elements.count ? lines("[", parts, "]") : nil
        case .map(let entries):
            let parts = entries.compactMap { entry in
                entry.value.json(indent: indent, level: level + 1).map { Self.quoted(entry.key) + ": " + $0 }
            }
            return parts.count == entries.count ? lines("{", parts, "}") : nil
        case .undefined, .namespace, .macro, .function: return nil
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{c}": result += "\\f"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
