/// One kind of narrative: its wording with choices, and the calculation that answers it.
///
/// It is written as `formula | wording`. The formula is in Polish notation over the numbers of the wording, which are
/// `<1>`, `<2>` and so on. `[one|another]` is a choice, and `{P}` a role of the ``NarrativeCast``.
struct NarrativeTemplate: Sendable {
    let formula: [Substring]
    let wording: String

    /// One template a line; empty lines and those that begin with `#` are passed over.
    static func table(_ text: String) -> [NarrativeTemplate] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let halves = line.split(separator: "|", maxSplits: 1)
            precondition(halves.count == 2, "a template is \"formula | wording\", and this is \(line)")
            return NarrativeTemplate(formula: halves[0].split(separator: " "), wording: String(halves[1]))
        }
    }

    /// One template for each question of each scene.
    ///
    /// Scenes are parted by empty lines. Lines that begin with `:` tell what is so, and those with `?` hold a formula
    /// and a question, which may begin with sentences of its own. What a question does not need is told half of the
    /// time, so that the question alone says which numbers count.
    static func scenes(_ text: String) -> [NarrativeTemplate] {
        text.split(separator: "\n\n").flatMap { scene in
            let lines = scene.split(separator: "\n")
            let facts = lines.filter { $0.hasPrefix(":") }.map { $0.dropFirst(2) }
            return lines.filter { $0.hasPrefix("?") }.map { line in
                let halves = line.dropFirst(2).split(separator: "|", maxSplits: 1)
                precondition(halves.count == 2, "a question is \"? formula | question\", and this is \(line)")
                let formula = halves[0].split(separator: " ")
                let wording = facts.map { fact in
                    let isNeeded = !fact.contains("<") || formula.contains { fact.contains("<\($0)>") }
                    return isNeeded ? "\(fact). " : "[\(fact). |]"
                }
                return NarrativeTemplate(formula: formula, wording: wording.joined() + halves[1])
            }
        }
    }

    /// The formula with numbers for `1`, `2` and so on.
    func expression(_ numbers: [String: Int]) -> Expression {
        var stack: [Expression] = []
        for token in formula.reversed() {
            if let operation = token.first.flatMap(Expression.Operator.init), token.count == 1 {
                let (left, right) = (stack.removeLast(), stack.removeLast())
                stack.append(.binary(operation, left, right))
            } else {
                stack.append(.integer(numbers[String(token), default: 0]))
            }
        }
        precondition(stack.count == 1, "\(formula.joined(separator: " ")) is no formula")
        return stack[0]
    }
}

extension RandomSource {
    /// The wording with one of each `[choice|another]`, innermost first.
    mutating func chosen(_ wording: String) -> String {
        var text = wording
        while let end = text.firstIndex(of: "]"), let start = text[..<end].lastIndex(of: "[") {
            let choices = text[text.index(after: start)..<end].split(separator: "|", omittingEmptySubsequences: false)
            text.replaceSubrange(start...end, with: " \(element(of: choices)) ")
        }
        return text
    }
}
