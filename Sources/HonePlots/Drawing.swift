/// SVG text as it grows. Every text and attribute is escaped here, and nowhere else.
struct Drawing {
    private(set) var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    private var depth = 0

    /// The value of an attribute.
    enum Value: ExpressibleByStringInterpolation {
        case text(String)
        case number(Double)

        init(stringLiteral value: String) {
            self = .text(value)
        }

        fileprivate var written: String {
            switch self {
            case .text(let text): text
            case .number(let number): Drawing.number(number)
            }
        }
    }

    typealias Attributes = [(name: String, value: Value)]

    mutating func open(_ name: String, _ attributes: Attributes = []) {
        line("<\(name)\(Self.written(attributes))>")
        depth += 1
    }

    mutating func close(_ name: String) {
        depth -= 1
        line("</\(name)>")
    }

    mutating func empty(_ name: String, _ attributes: Attributes) {
        line("<\(name)\(Self.written(attributes))/>")
    }

    mutating func element(_ name: String, _ attributes: Attributes = [], text: String) {
        line("<\(name)\(Self.written(attributes))>\(Self.escaped(text))</\(name)>")
    }

    mutating func text(_ text: String, x: Double, y: Double, _ attributes: Attributes = []) {
        element("text", [("x", .number(x)), ("y", .number(y))] + attributes, text: text)
    }

    mutating func segment(_ start: Point, _ end: Point, _ attributes: Attributes) {
        let ends: Attributes = [
            ("x1", .number(start.x)), ("y1", .number(start.y)), ("x2", .number(end.x)), ("y2", .number(end.y)),
        ]
        empty("line", ends + attributes)
    }

    private mutating func line(_ content: String) {
        text += String(repeating: " ", count: depth) + content + "\n"
    }

    private static func written(_ attributes: Attributes) -> String {
        attributes.map { " \($0.name)=\"\(escaped($0.value.written))\"" }.joined()
    }

    /// To a hundredth, as short as it gets. What is far outside the picture stays far outside it.
    static func number(_ value: Double) -> String {
        let rounded = (min(max(value, -1e6), 1e6) * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }

    /// Text that XML takes as it is; characters that it has no form for become the sign for an unknown one.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\t", "\n", "\r": escaped += " "
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
