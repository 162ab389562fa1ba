import HoneProblems

/// MAWPS (Koncel-Kedziorski et al. 2016) and ASDiv-A as SVAMP's authors publish them for training.
struct MAWPSSource: ExampleSource {
    private var rows: CSVRows
    var rowLine: Int { rows.rowLine }

    init(_ bytes: ByteReader) {
        rows = CSVRows(bytes)
    }

    mutating func next() throws(RowFault) -> Example? {
        guard let row = try rows.next() else { return nil }
        func field(_ name: String) throws(RowFault) -> String {
            guard let text = row[name], !text.isBlank else { throw RowFault("the column \(name) is empty or missing") }
            return text
        }
        var numbers: [Rational] = []
        for token in try field("Numbers").split(separator: " ") {
            guard let number = Rational(publishedNumber: String(token)) else {
                throw RowFault("'\(token)' in the column Numbers is not a number")
            }
            numbers.append(number)
        }
        let equation = try field("Equation")
        var example = Example(
            prompt: try Self.filled(try field("Question"), numbers).normalizedPrompt,
            answer: normalizedAnswer(try field("Answer")), split: "", source: "mawps-asdiv-a",
            metadata: ["equation": .string(equation)])
        example.adopt(try WorkedEquation(prefix: equation, numbers: numbers))
        return example
    }

    /// The question with `number0`, `number1`, … replaced by what they stand for.
    private static func filled(_ text: String, _ numbers: [Rational]) throws(RowFault) -> String {
        var result = ""
        var rest = text[...]
        while let found = rest.firstRange(of: "number") {
            let digits = rest[found.upperBound...].prefix { ("0"..."9").contains($0) }
            result += rest[..<found.lowerBound]
            if digits.isEmpty {
                result += "number"
            } else {
                guard let index = Int(digits), numbers.indices.contains(index) else {
                    throw RowFault("the question uses number\(digits), but there are \(numbers.count) numbers")
                }
                result += numbers[index].decimalText ?? "\(numbers[index])"
            }
            rest = rest[digits.endIndex...]
        }
        return result + rest
    }
}
