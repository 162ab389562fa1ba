/// Short narratives of one or two steps in very many wordings, some with numbers that nobody asks about: what they ask
/// of a reader is to tell which numbers count, and how.
///
/// The kinds follow the studies of how children learn word problems: change, combine and compare, each with every part
/// of it unknown (Riley, Greeno and Heller 1983, "Development of children's problem-solving ability in arithmetic",
/// table 4.2), equal groups and prices (Marshall 1995, "Schemas in problem solving", chapter 3).
package enum NarrativeFamily {
    static func narrative(_ random: inout RandomSource) -> Draft {
        while true {
            let kind = random.integer(0...templates.count - 1)
            let wording = wording(of: templates[kind], &random)
            guard let draft = draft(templates[kind], wording, kind: kind, &random) else { continue }
            return draft
        }
    }

    /// A sentence that has nothing to do with any question, with numbers other than those `taken`.
    package static func aside(besides taken: Set<Int>, _ random: inout RandomSource) -> String {
        let wording = NarrativeCast(&random).playing(random.chosen(random.element(of: NarrativeTemplate.asides)))
        var taken = taken
        var numbers: [String: Int] = [:]
        for name in NumberMarks.names(in: wording) {
            var drawn = random.integer(2...99)
            while !taken.insert(drawn).inserted { drawn = random.integer(2...999) }
            numbers[name] = drawn
        }
        return NumberMarks.filled(wording + ".", numbers).asSentences
    }

    private static let templates =
        NarrativeTemplate.changes + NarrativeTemplate.combinations + NarrativeTemplate.comparisons
        + NarrativeTemplate.groups + NarrativeTemplate.purchases + NarrativeTemplate.others
        + NarrativeTemplate.holdingsScenes + NarrativeTemplate.eventsScenes + NarrativeTemplate.groupsScenes
        + NarrativeTemplate.moneyScenes + NarrativeTemplate.othersScenes

    private static let drawLimit = 300

    /// The wording with numbers under which the steps stay whole and not negative; nil where none are found.
    private static func draft(
        _ template: NarrativeTemplate, _ wording: String, kind: Int, _ random: inout RandomSource
    ) -> Draft? {
        let names = NumberMarks.names(in: wording)
        for _ in 0..<drawLimit {
            let numbers = names.map { _ in random.integer(random.chance(percent: 50) ? 2...12 : 5...99) }
            let byName = Dictionary(uniqueKeysWithValues: zip(names, numbers))
            var steps = PlainSteps()
            guard let answer = steps.work(template.expression(byName)), answer > 0,
                Set(numbers + steps.results).count == numbers.count + steps.results.count
            else { continue }
            let prompt = NumberMarks.filled(wording, byName)
            return Draft(
                prompt: prompt, steps: steps.lines, answer: answer, canonicalForm: "narrative \(kind) \(numbers)")
        }
        return nil
    }

    /// A template's sentences, told in one of several ways, and at times with one that does not matter.
    private static func wording(of template: NarrativeTemplate, _ random: inout RandomSource) -> String {
        var sentences = random.chosen(template.wording).split(separator: ". ").map(String.init)
            .filter { sentence in sentence.contains { $0 != " " } }
        let question = sentences.removeLast()
        if !sentences.isEmpty, random.chance(percent: 35) { addAsides(to: &sentences, &random) }
        if sentences.count > 1, random.chance(percent: 25) {
            let place = random.integer(0...sentences.count - 2)
            sentences[place] += random.element(of: [" and ", ", ", ", and "]) + sentences.remove(at: place + 1)
        }
        var text = sentences.dropLast().map { $0 + ". " }.joined()
        if let last = sentences.last {
            text += random.chance(percent: 25) ? "\(random.element(of: ["if", "since"])) \(last), " : "\(last). "
        }
        return NarrativeCast(&random).playing(text + question).asSentences
    }

    private static func addAsides(to sentences: inout [String], _ random: inout RandomSource) {
        for number in 1...(random.chance(percent: 85) ? 1 : 2) {
            let aside = random.chosen(random.element(of: NarrativeTemplate.asides))
                .replacing("<1>", with: "<x\(number)>").replacing("<2>", with: "<y\(number)>")
            sentences.insert(aside, at: random.integer(0...sentences.count))
        }
    }
}

/// Numbers of a wording by their names, `<1>` or `<x1>`.
private enum NumberMarks {
    /// In the order in which they come first.
    static func names(in text: String) -> [String] {
        var names: [String] = []
        for piece in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
            let name = String(piece.prefix { $0 != ">" })
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    static func filled(_ text: String, _ numbers: [String: Int]) -> String {
        numbers.reduce(text) { $0.replacing("<\($1.key)>", with: "\($1.value)") }
    }
}

/// One step for each operation, in whole numbers.
private struct PlainSteps {
    private(set) var lines: [String] = []
    private(set) var results: [Int] = []

    /// Nil where a result is negative or a quotient not exact.
    mutating func work(_ expression: Expression) -> Int? {
        switch expression {
        case .number(let value): return Int(value.numerator)
        case .unknown, .negated: return nil
        case .binary(let operation, let left, let right):
            guard let left = work(left), let right = work(right),
                let result = Self.result(operation, left, right)
            else { return nil }
            lines.append("\(left)\(operation.rawValue)\(right)=\(result)")
            results.append(result)
            return result
        }
    }

    private static func result(_ operation: Expression.Operator, _ left: Int, _ right: Int) -> Int? {
        switch operation {
        case .add: left + right
        case .subtract: left >= right ? left - right : nil
        case .multiply: left * right
        case .divide: right > 1 && left.isMultiple(of: right) ? left / right : nil
        }
    }
}

extension String {
    /// Single spaces, none before punctuation, and a capital at the beginning of every sentence.
    fileprivate var asSentences: String {
        var text = ""
        for word in split(separator: " ") {
            let isPunctuation = word.count == 1 && ",.?".contains(word[word.startIndex])
            let begins = text.isEmpty || text.last == "." || text.last == "?"
            if !text.isEmpty, !isPunctuation { text += " " }
            text += begins && !isPunctuation ? word.prefix(1).uppercased() + word.dropFirst() : String(word)
        }
        return text
    }
}
