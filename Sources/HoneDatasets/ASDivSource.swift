import HoneProblems

/// The problems of ASDiv (Miao et al. 2020, arXiv:2106.15772).
struct ASDivSource: ExampleSource {
    private var rows: XMLRows
    var rowLine: Int { rows.rowLine }

    init(_ bytes: ByteReader) {
        rows = XMLRows(bytes, elements: "Problem")
    }

    mutating func next() throws(RowFault) -> Example? {
        guard let row = try rows.next() else { return nil }
        func field(_ name: String) throws(RowFault) -> String {
            guard let text = row[name], !text.isBlank else { throw RowFault("the problem has no <\(name)>") }
            return text
        }
        let (answer, unit) = Self.answerAndUnit(try field("Answer"))
        let formula = try field("Formula")
        var example = Example(
            prompt: .prompt(story: try field("Body"), question: try field("Question")), answer: answer, split: "",
            source: "asdiv", metadata: ["equation": .string(formula)])
        example.metadata["unit"] = unit.map(JSONValue.string)
        for (key, name) in ["id": "ID", "grade": "Grade", "type": "Solution-Type"] {
            example.metadata[key] = row[name].map(JSONValue.string)
        }
        example.steps = Self.steps(formula, answer: answer)
        return example
    }

    /// "9 (apples)" is the answer 9 and the unit apples; an answer of several parts keeps its text.
    private static func answerAndUnit(_ text: String) -> (answer: String, unit: String?) {
        let text = text.normalizedPrompt
        guard let start = text.firstIndex(of: "("), text.last == ")", start != text.startIndex,
            text[start...].dropLast().allSatisfy({ $0 != ")" }), !text[..<start].contains(";")
        else { return (normalizedAnswer(text), nil) }
        return (normalizedAnswer(String(text[..<start])), String(text[start...].dropFirst().dropLast()))
    }

    /// Steps of "21-9=12; 12*3=36". Formulas with unknowns, remainders or ratios are no arithmetic to check: no steps.
    private static func steps(_ formula: String, answer: String) -> [String] {
        var steps: [String] = []
        var last: Rational?
        for equation in formula.split(separator: ";") {
            let sides = equation.split(separator: "=")
            guard sides.count == 2, let result = Rational(publishedNumber: String(sides[1])) else { return [] }
            do {
                let worked = try WorkedEquation(infix: String(sides[0]))
                guard worked.value == result else { return [] }
                steps += worked.steps
                last = result
            } catch {
                return []
            }
        }
        return last == Rational(publishedNumber: answer) ? steps : []
    }
}
