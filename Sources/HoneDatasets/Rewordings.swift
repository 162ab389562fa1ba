internal import HoneProblems

/// Examples with the sense and the equation of another in other words: other people, things and deeds, at times another
/// order of what is told, and at times more sentences with numbers that do not count.
public struct Rewordings: Sendable {
    private let example: Example
    /// Whose stories may be told in between.
    private let neighbours: [Example]

    public init(of example: Example, beside neighbours: [Example] = []) {
        self.example = example
        self.neighbours = neighbours
    }

    /// The rewording of this number, always the same one; nil where nothing changes.
    public func rewording(_ number: Int) -> Example? {
        var random = RandomSource(seed: stableHash(of: "reworded \(number) \(example.prompt)"))
        var sentences = WordSwaps(&random).applied(to: example.prompt).sentences
        guard let question = sentences.popLast() else { return nil }
        if random.chance(percent: 15) { sentences = random.shuffled(sentences) }
        if !sentences.isEmpty, random.chance(percent: 60) {
            var place = random.integer(0...sentences.count)
            for aside in asides(to: sentences, &random) {
                sentences.insert(aside, at: place)
                place = random.chance(percent: 70) ? place + 1 : random.integer(place + 1...sentences.count)
            }
        }
        var reworded = example
        reworded.prompt = (sentences + [question]).joined(separator: " ")
        reworded.metadata["reworded"] = .bool(true)
        return reworded.prompt == example.prompt ? nil : reworded
    }

    /// Sentences of another story, one of this story told again of other things, or one of nothing in it; their numbers
    /// are none of the example's.
    private func asides(to sentences: [String], _ random: inout RandomSource) -> [String] {
        var taken = Set(NumbersInText.all(in: example.prompt) + example.stepValues)
        switch random.integer(0...9) {
        case 0...4 where !neighbours.isEmpty:
            let story = random.element(of: neighbours).prompt.sentences.dropLast()
            let people = random.chance(percent: 50) ? WordSwaps.people(in: sentences) : []
            let swaps = WordSwaps(&random, people: people)
            return story.prefix(3).map { random.renumbered(swaps.applied(to: $0), besides: &taken) }
        case 0...7:
            let source = random.element(of: sentences)
            let aside = WordSwaps(&random).applied(to: source)
            return aside == source ? [] : [random.renumbered(aside, besides: &taken)]
        default:
            return [NarrativeFamily.aside(besides: Set(taken.map { Int($0.numerator) }), &random)]
        }
    }
}

/// Which word stands for which: people for people of their kind, things for things, deeds for deeds of like effect.
private struct WordSwaps {
    private var words: [String: String] = [:]

    /// Where `people` are given, all others become some of them.
    init(_ random: inout RandomSource, people: [String] = []) {
        if !people.isEmpty {
            for person in NarrativeCast.people { words[person.name.lowercased()] = random.element(of: people) }
        } else if random.chance(percent: 70) {
            for isShe in [false, true] {
                let names = NarrativeCast.people.filter { $0.isShe == isShe }.map { $0.name.lowercased() }
                for (old, new) in zip(names, random.shuffled(names)) { words[old] = new }
            }
        }
        if random.chance(percent: 50) {
            for (old, new) in zip(NarrativeCast.things, random.shuffled(NarrativeCast.things)) {
                words[old.singular] = new.singular
                words[old.plural] = new.plural
            }
        }
        if random.chance(percent: 40) {
            for deeds in Self.deeds { for (old, new) in zip(deeds, random.shuffled(deeds)) { words[old] = new } }
        }
    }

    /// The people of a story, in lower case.
    static func people(in sentences: [String]) -> [String] {
        let words = sentences.joined(separator: " ").lowercased().split { !$0.isLetter }.map(String.init)
        let names = Set(NarrativeCast.people.map { $0.name.lowercased() })
        return Set(words).intersection(names).sorted()
    }

    func applied(to text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(where: \.isLetter) {
            let end = rest[start...].firstIndex { !$0.isLetter } ?? rest.endIndex
            result += rest[..<start] + swapped(rest[start..<end])
            rest = rest[end...]
        }
        return result + rest
    }

    private func swapped(_ word: Substring) -> String {
        guard let new = words[word.lowercased()] else { return String(word) }
        return word.first?.isUppercase == true ? new.prefix(1).uppercased() + new.dropFirst() : new
    }

    /// What makes more of something, and what makes fewer, in the past and after "did".
    private static let deeds = [
        ["bought", "got", "received", "found", "collected", "gathered"],
        ["buy", "get", "receive", "find", "collect", "gather"],
        ["lost", "sold", "ate", "used", "broke", "dropped"], ["lose", "sell", "eat", "use", "break", "drop"],
    ]
}

extension Example {
    /// The results of the steps.
    fileprivate var stepValues: [Rational] {
        steps.compactMap { $0.split(separator: "=").last.flatMap { Rational(publishedNumber: String($0)) } }
    }
}

extension String {
    /// Parted after stops that a space follows.
    fileprivate var sentences: [String] {
        var sentences: [String] = []
        var current = ""
        for word in split(separator: " ") {
            current += (current.isEmpty ? "" : " ") + word
            if word.last == "." || word.last == "?" {
                sentences.append(current)
                current = ""
            }
        }
        return current.isEmpty ? sentences : sentences + [current]
    }
}

extension RandomSource {
    fileprivate mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var shuffled = elements
        for index in shuffled.indices.dropFirst().reversed() { shuffled.swapAt(index, integer(0...index)) }
        return shuffled
    }

    /// The text with numbers of its own, which are taken from then on.
    fileprivate mutating func renumbered(_ text: String, besides taken: inout Set<Rational>) -> String {
        var result = text
        for place in NumbersInText.places(in: text).reversed() {
            var drawn = Rational(Int64(integer(2...99)))
            while !taken.insert(drawn).inserted { drawn = Rational(Int64(integer(2...999))) }
            result.replaceSubrange(place.range, with: "\(drawn)")
        }
        return result
    }
}
