internal import HoneProblems

/// Examples with the sense and the equation of another in other words: other people, other things, at times another
/// order of what is told, and at times one more sentence with a number that does not count.
struct Rewordings {
    private let example: Example

    init(of example: Example) { self.example = example }

    /// The rewording of this number, always the same one; nil where nothing changes.
    func rewording(_ number: Int) -> Example? {
        var random = RandomSource(seed: stableHash(of: "reworded \(number) \(example.prompt)"))
        var reworded = example
        let dictionary = WordSwaps(&random)
        var sentences = dictionary.applied(to: example.prompt).sentences
        guard let question = sentences.popLast() else { return nil }
        if random.chance(percent: 15) { sentences = random.shuffled(sentences) }
        if let aside = aside(to: sentences, &random) {
            sentences.insert(aside, at: random.integer(0...sentences.count))
        }
        reworded.prompt = (sentences + [question]).joined(separator: " ")
        reworded.metadata["reworded"] = .bool(true)
        return reworded.prompt == example.prompt ? nil : reworded
    }

    /// One that tells something of the story again, of other things and with another number, or one of nothing in it.
    private func aside(to sentences: [String], _ random: inout RandomSource) -> String? {
        let taken = Set(NumbersInText.all(in: example.prompt) + example.stepValues)
        guard !sentences.isEmpty, random.chance(percent: 50) else { return nil }
        let candidates = sentences.filter { NumbersInText.places(in: $0).count == 1 }
        guard !candidates.isEmpty, random.chance(percent: 60) else {
            return NarrativeFamily.aside(besides: Set(taken.map { Int($0.numerator) }), &random)
        }
        let source = random.element(of: candidates)
        var aside = WordSwaps(&random).applied(to: source)
        guard aside != source, let place = NumbersInText.places(in: aside).first else { return nil }
        var drawn = Rational(Int64(random.integer(2...99)))
        while taken.contains(drawn) { drawn = Rational(Int64(random.integer(2...999))) }
        aside.replaceSubrange(place.range, with: "\(drawn)")
        return aside
    }
}

/// Which word stands for which: people for people of their kind, things for things.
private struct WordSwaps {
    private var words: [String: String] = [:]

    init(_ random: inout RandomSource) {
        if random.chance(percent: 70) {
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
}
