internal import HoneProblems

/// Examples with the sense and the equation of another in other words: other people, other things, and at times one
/// more sentence with a number that does not count.
struct Rewordings {
    private let example: Example

    init(of example: Example) { self.example = example }

    /// The rewording of this number, always the same one; nil where nothing changes.
    func rewording(_ number: Int) -> Example? {
        var random = RandomSource(seed: stableHash(of: "reworded \(number) \(example.prompt)"))
        var reworded = example
        let dictionary = WordSwaps(&random)
        reworded.prompt = dictionary.applied(to: example.prompt)
        if random.chance(percent: 40) { addAside(to: &reworded.prompt, dictionary, &random) }
        reworded.metadata["reworded"] = .bool(true)
        return reworded.prompt == example.prompt ? nil : reworded
    }

    /// Tells something of the story again, of other things and with another number, before the question.
    private func addAside(to prompt: inout String, _ told: WordSwaps, _ random: inout RandomSource) {
        var sentences = prompt.sentences
        let numbers = NumbersInText.places(in: example.prompt)
        let candidates = example.prompt.sentences.dropLast().filter { NumbersInText.places(in: $0).count == 1 }
        if sentences.count < 2 || candidates.isEmpty { return }
        let source = random.element(of: Array(candidates))
        var taken = Set(numbers.map(\.value) + example.stepValues)
        var aside = WordSwaps(&random).applied(to: told.applied(to: source))
        guard let place = NumbersInText.places(in: aside).first, !sentences.contains(aside) else { return }
        var drawn = Rational(Int64(random.integer(2...99)))
        while !taken.insert(drawn).inserted { drawn = Rational(Int64(random.integer(2...999))) }
        aside.replaceSubrange(place.range, with: "\(drawn)")
        sentences.insert(aside, at: random.integer(0...sentences.count - 1))
        prompt = sentences.joined(separator: " ")
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
