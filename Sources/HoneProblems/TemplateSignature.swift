/// The shape of a problem's solution: which operations are applied to which results, whatever the numbers and the
/// wording.
///
/// `23+4=27`, `27*5=135` becomes `#+#;$1*#`: the edges of the graph of operations, with `#` for a number that was given
/// and `$1` for the first step's result. A problem without steps is told by its prompt with the numbers masked.
public struct TemplateSignature: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(prompt: String, steps: [String]) {
        guard !steps.isEmpty else {
            description = Self.masked(prompt) { _ in "#" }
            return
        }
        var results: [String: Int] = [:]
        var shapes: [String] = []
        for (number, step) in steps.enumerated() {
            let sides = step.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            shapes.append(Self.masked(sides.first ?? "") { results[$0].map { "$\($0)" } ?? "#" })
            if sides.count == 2 { results[sides[1]] = number + 1 }
        }
        description = shapes.joined(separator: ";")
    }

    /// The text with each number replaced.
    private static func masked(_ text: String, _ replacement: (String) -> String) -> String {
        var result = ""
        var rest = text[...]
        while let first = rest.first {
            let number = rest.prefix { $0.isASCII && $0.isNumber }
            if number.isEmpty {
                result.append(first)
                rest = rest.dropFirst()
            } else {
                result += replacement(String(number))
                rest = rest.dropFirst(number.count)
            }
        }
        return result
    }
}
