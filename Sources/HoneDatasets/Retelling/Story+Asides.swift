internal import HoneProblems

/// Numbers that do not count.
extension Story {
    /// Tells of something else besides a thing that the question names: "12 pens" becomes "12 pens and 7 cups"; nil
    /// where the question names none.
    func withMore(_ random: inout RandomSource) -> Story? {
        let named = Set(question.map(WordNames.stem))
        let places = body.indices.filter { place in
            guard Self.number(body[place]) != nil, let counted = Self.counted(after: place, in: body),
                let head = counted.thing.last
            else { return false }
            let isOfEach = counted.end < body.count && ["each", "per", "old", "left"].contains(body[counted.end])
            return named.contains(WordNames.stem(of: head)) && !isOfEach && !Self.measures.contains(head)
        }
        var story = self
        guard !places.isEmpty else { return nil }
        let place = random.element(of: places)
        guard let counted = Self.counted(after: place, in: body), let head = counted.thing.last,
            let letter = story.addNumber(&random)
        else { return nil }
        let kinds = counted.thing.dropLast()
        var other = [Self.newWord(&random)]
        if !kinds.isEmpty, kinds.allSatisfy({ named.contains(WordNames.stem(of: $0)) }), random.chance(percent: 60) {
            other.append(head)  // another kind of the same
        } else if random.chance(percent: 20) {
            other.append(Self.newWord(&random))
        }
        if random.chance(percent: 50) {
            story.body.insert(contentsOf: ["and", letter] + other, at: counted.end)
        } else {
            story.body.insert(contentsOf: [letter] + other + ["and"], at: place)
        }
        return story
    }

    /// Puts in a sentence of another story, or of this one with other people or things; nil where there is none.
    func withAside(from other: Story?, _ random: inout RandomSource) -> Story? {
        let facts = (other ?? self).sentences.filter { sentence in
            sentence.last == "." && !sentence.contains("if")
                && (1...2).contains(sentence.count { Self.number($0) != nil })
        }
        guard !facts.isEmpty else { return nil }
        let fact = random.element(of: facts)
        let words = Set(fact.filter(WordNames.isNamed).map(WordNames.stem)).sorted()
        // A fact of this story is another one only if what the question names is another.
        let asked = words.filter(Set(question.map(WordNames.stem)).contains)
        guard !(other == nil ? asked : words).isEmpty else { return nil }
        let own = Set(body.filter(WordNames.isNamed)).sorted()
        var swaps: [String: String] = [:]
        let changed = other == nil ? [random.element(of: asked), random.element(of: words)] : words
        for word in changed {
            let isOwn = other != nil && !own.isEmpty && random.chance(percent: 35)
            swaps[word] = isOwn ? random.element(of: own) : Self.newWord(&random)
        }
        var story = self
        var aside: [String] = []
        for word in fact {
            if Self.number(word) != nil {
                guard let letter = story.addNumber(&random) else { return nil }
                aside.append(letter)
            } else {
                aside.append(WordNames.isNamed(word) ? swaps[WordNames.stem(of: word)] ?? word : word)
            }
        }
        var sentences = story.sentences
        let tail = story.bodyIsWhole ? nil : sentences.popLast()
        let isAboutFormer = ["he", "she", "they", "it", "his", "her"].contains(aside[0])
        sentences.insert(aside, at: isAboutFormer ? sentences.count : random.integer(0...sentences.count))
        story.sentences = sentences + (tail.map { [$0] } ?? [])
        return story
    }

    /// A word that stands for some name or thing.
    private static func newWord(_ random: inout RandomSource) -> String {
        "new" + String(random.integer(1000...9999)).map { String(Array("abcdefghij")[Int(String($0)) ?? 0]) }.joined()
    }

    private static let measures: Set<String> = [
        "dollars", "cents", "points", "times", "years", "hours", "minutes", "days", "weeks", "miles", "inches", "feet",
    ]
}
