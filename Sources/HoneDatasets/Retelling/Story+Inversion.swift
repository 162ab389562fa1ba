internal import HoneProblems

extension Story {
    /// The story with its answer told and one of its numbers asked; nil where no pattern fits.
    ///
    /// "Ann had 12 pens. She bought 7 more pens. How many pens does Ann have now?" becomes "Ann had 12 pens. She bought
    /// some more pens. Ann has 19 pens now. How many more pens did she buy?"
    func inverted(_ random: inout RandomSource) -> Story? {
        var story = self
        guard bodyIsWhole, let value = value, value > .zero, value.isInteger, let amount = story.add(value),
            let index = Story.number(amount), var statement = statement(amount)
        else { return nil }
        for sought in random.shuffled(Array(numbers.indices)) where equation.useCount(of: sought) == 1 {
            guard let (place, fact, question) = fact(without: sought, &random) else { continue }
            story.equation = equation.solved(for: sought, result: .number(index))
            var sentences = sentences
            sentences[place] = fact
            if !statement.contains("now"), random.chance(percent: 40) {
                statement =
                    random.element(of: [["now"], ["then"], ["in", "the", "end", ","], ["finally"]]) + statement
            }
            story.sentences = sentences + [statement + ["."]]
            story.question = question
            return story
        }
        return nil
    }

    private var value: Rational? {
        guard let expression = equation.expression(numbers) else { return nil }
        do { return try expression.value() } catch { return nil }  // a division by zero, an overflow
    }

    /// The sentence that tells a number and nothing else, without it, and the question for it.
    private func fact(
        without sought: Int, _ random: inout RandomSource
    ) -> (place: Int, fact: [String], question: [String])? {
        let letter = String(EquationTemplate.letters[sought])
        guard let place = sentences.firstIndex(where: { $0.contains(letter) }) else { return nil }
        let sentence = sentences[place]
        guard sentence.count(where: { Story.number($0) != nil }) == 1, let number = sentence.firstIndex(of: letter),
            let counted = Story.counted(after: number, in: sentence)
        else { return nil }
        let before = Array(sentence[..<number])
        let clauseStart = before.lastIndex { [",", "if"].contains($0) }.map { $0 + 1 } ?? 0
        var clause = Array(before[clauseStart...])
        if let first = clause.first, ["then", "and", "but", "first"].contains(first) { clause.removeFirst() }
        guard let asked = Story.asked(clause) else { return nil }
        let some = counted.modifiers.isEmpty ? random.element(of: ["some", "some", "several"]) : "some"
        let after = sentence[counted.end...]
        let rest = after.filter { ![".", ","].contains($0) }
        var question = ["how", "many"] + counted.modifiers + counted.thing + asked + rest
        if asked.contains("have") || asked.contains("there") {
            let first = ["at first", "initially", "in the beginning", "originally", "to start with", "before"]
            question += random.element(of: first).split(separator: " ").map(String.init)
        }
        return (place, before + [some] + counted.modifiers + counted.thing + after, question + ["?"])
    }
}

extension EquationTemplate {
    func useCount(of number: Int) -> Int {
        switch self {
        case .number(let index): index == number ? 1 : 0
        case .constant: 0
        case .negated(let operand): operand.useCount(of: number)
        case .binary(_, let left, let right): left.useCount(of: number) + right.useCount(of: number)
        }
    }

    /// What a number must be that is used once, for the equation to give `result`.
    func solved(for number: Int, result: EquationTemplate) -> EquationTemplate {
        switch self {
        case .number, .constant: result
        case .negated(let operand): operand.solved(for: number, result: .negated(result))
        case .binary(let operation, let left, let right) where left.useCount(of: number) > 0:
            left.solved(for: number, result: .binary(operation.inverse, result, right))
        case .binary(let operation, let left, let right):
            switch operation {
            case .add, .multiply: right.solved(for: number, result: .binary(operation.inverse, result, left))
            case .subtract, .divide: right.solved(for: number, result: .binary(operation, left, result))
            }
        }
    }
}

extension Expression.Operator {
    fileprivate var inverse: Self {
        switch self {
        case .add: .subtract
        case .subtract: .add
        case .multiply: .divide
        case .divide: .multiply
        }
    }
}
