internal import HoneProblems

/// Clauses around a number, as far as patterns tell them.
extension Story {
    /// The counted thing after a number: "more" and the like, and the words that name it.
    struct Counted {
        let modifiers: [String]
        let thing: [String]
        /// Of the first word after it.
        let end: Int
    }

    static func counted(after place: Int, in words: [String]) -> Counted? {
        var start = place + 1
        if start < words.count, ["more", "new", "extra", "other", "additional"].contains(words[start]) { start += 1 }
        var end = start
        while end < words.count, end < start + 3, canNameThing(words[end]) { end += 1 }
        guard end > start else { return nil }
        return Counted(
            modifiers: Array(words[place + 1..<start]), thing: Array(words[start..<end]), end: end)
    }

    private static func canNameThing(_ word: String) -> Bool {
        word.first?.isLetter == true && number(word) == nil && !boundaries.contains(word)
            && VerbForms.base(of: word) == nil
    }

    /// The question as a statement in which `amount` stands for what is asked; nil where no pattern fits.
    func statement(_ amount: String) -> [String]? {
        guard question.starts(with: ["how", "many"]) else { return nil }
        let words = Array(question.dropFirst(2).dropLast())
        guard let place = words.firstIndex(where: Self.helpers.contains), place > 0 else { return nil }
        let thing = words[..<place]
        let helper = words[place]
        let rest = Array(words[(place + 1)...])
        switch helper {
        case "are", "were", "is", "was":
            if rest.first == "there" { return ["there", helper, amount] + thing + rest.dropFirst() }
            return rest.isEmpty ? nil : [amount] + thing + [helper] + rest
        case "remain", "remained": return [amount] + words
        default:
            for verb in 1..<max(1, min(5, rest.count)) {
                guard let form = Self.form(of: rest[verb], after: helper) else { continue }
                return rest[..<verb] + form + [amount] + thing + rest[(verb + 1)...]
            }
            return nil
        }
    }

    private static func form(of verb: String, after helper: String) -> [String]? {
        guard let past = VerbForms.past(of: verb) else { return nil }
        return switch helper {
        case "did": [past]
        case "does": [VerbForms.present(of: verb)]
        case "do": [verb]
        default: [helper, verb]
        }
    }

    /// A clause's subject and verb as they stand in a question: "does he have", "were there"; nil for other words.
    static func asked(_ clause: [String]) -> [String]? {
        if clause.count == 2, clause[0] == "there", ["are", "were", "is", "was"].contains(clause[1]) {
            return [clause[1], "there"]
        }
        guard (2...6).contains(clause.count), !clause.contains("and"), !clause.contains("if"),
            let verb = clause.last, let base = VerbForms.base(of: verb)
        else { return nil }
        return ["has", "have"].contains(verb)
            ? [verb == "has" ? "does" : "do"] + clause.dropLast() + [base] : ["did"] + clause.dropLast() + [base]
    }

    private static let helpers: Set<String> = [
        "did", "does", "do", "will", "would", "can", "could", "are", "were", "is", "was", "remain", "remained",
    ]

    private static let boundaries: Set<String> = Set(
        """
        in on at to from for with by into of and left that which who if each per than more altogether now then because \
        when while after before so but or is are was were will would during yesterday today last this currently only \
        just already did does do have together equally away up out
        """.split(separator: " ").map(String.init))
}
