internal import HoneProblems

/// A problem as the words of its body and of its question, with letters for its numbers, so that it can be told in
/// another way.
struct Story {
    var body: [String]
    /// From "how many" or "how much" to the question mark.
    var question: [String]
    /// Over the letters.
    var equation: EquationTemplate
    /// What the letters stand for, whatever their order in the words.
    var numbers: [Rational]

    /// Nil where the problem has no equation over its numbers, some number stands in it twice, or it does not end in
    /// such a question.
    init?(_ example: Example) {
        let slotted = SlottedText(example.prompt)
        let words = WordNames.parted(slotted.text)
        let start = WordNames.questionStart(in: words)
        guard let equation = EquationTemplate(example), words.last == "?", words.count > start + 2,
            words[start] == "how", ["many", "much"].contains(words[start + 1]),
            Set(slotted.numbers).count == slotted.numbers.count
        else { return nil }
        body = Array(words[..<start])
        question = Array(words[start...])
        self.equation = equation
        numbers = slotted.numbers
    }

    /// The story as an example like another; nil where the equation has a value that is negative or none.
    func example(like other: Example) -> Example? {
        guard let expression = equation.expression(numbers), let worked = worked(expression),
            let answer = worked.value.decimalText, Set(numbers).count == numbers.count,
            !worked.steps.isEmpty, !worked.steps.contains(where: { $0.contains("=-") })
        else { return nil }
        var told = other
        let words = (body + question).map { word in
            Self.number(word).map { numbers[$0].stepText } ?? word
        }
        told.prompt = words.joined(separator: " ").normalizedPrompt
        told.answer = answer
        told.steps = worked.steps
        return told
    }

    private func worked(_ expression: Expression) -> WorkedEquation? {
        do { return try WorkedEquation(expression) } catch { return nil }  // a division by zero, an overflow
    }

    /// The sentences of the body with their stops; the last one may have none.
    var sentences: [[String]] {
        get {
            var sentences: [[String]] = []
            var rest = body[...]
            while !rest.isEmpty {
                let end = rest.firstIndex { [".", "?", "!"].contains($0) }.map { $0 + 1 } ?? rest.endIndex
                sentences.append(Array(rest[..<end]))
                rest = rest[end...]
            }
            return sentences
        }
        set { body = newValue.flatMap(\.self) }
    }

    /// Whether the question is a sentence of its own.
    var bodyIsWhole: Bool { body.last.map { [".", "?", "!"].contains($0) } ?? true }

    /// A new number that is none of the others, by its letter; nil where letters are used up.
    mutating func add(_ number: Rational) -> String? {
        guard numbers.count < EquationTemplate.letters.count, !numbers.contains(number) else { return nil }
        numbers.append(number)
        return String(EquationTemplate.letters[numbers.count - 1])
    }

    mutating func addNumber(_ random: inout RandomSource) -> String? {
        let drawn = random.integer(random.chance(percent: 40) ? 2...12 : 5...99)
        return add(Rational(Int64(drawn))) ?? add(Rational(Int64(random.integer(100...999))))
    }

    /// Which number a word is; nil for other words.
    static func number(_ word: String) -> Int? {
        guard word.count == 1, let letter = word.first else { return nil }
        return EquationTemplate.letters.firstIndex(of: letter)
    }
}
