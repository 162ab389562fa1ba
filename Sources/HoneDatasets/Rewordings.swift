internal import HoneProblems

/// Examples made of another: the same story with numbers that do not count, with its answer told and one of its numbers
/// asked, or with a question about two of its amounts.
///
/// These are the variations by which Patel et al. 2021 ("Are NLP models really able to solve simple math word
/// problems?", table 3) found that models did not read the question. Names and things stay, since they are
/// ``WordNames`` to the reader.
public struct Rewordings: Sendable {
    private let example: Example
    /// Whose sentences may be told in between.
    private let neighbours: [Example]

    public init(of example: Example, beside neighbours: [Example] = []) {
        self.example = example
        self.neighbours = neighbours
    }

    /// The rewording of this number, always the same one; nil where nothing changes.
    public func rewording(_ number: Int) -> Example? {
        var random = RandomSource(seed: stableHash(of: "reworded \(number) \(example.prompt)"))
        guard var story = Story(example) else { return nil }
        switch random.integer(0...99) {
        case 0..<30: story = story.inverted(&random) ?? story
        case 30..<42: story = story.compared(&random) ?? story
        default: break
        }
        if random.chance(percent: 45) { story = story.withMore(&random) ?? story }
        for chance in [40, 10] where random.chance(percent: chance) {
            let isOther = !neighbours.isEmpty && random.chance(percent: 60)
            story = story.withAside(from: isOther ? Story(random.element(of: neighbours)) : nil, &random) ?? story
        }
        guard var reworded = story.example(like: example), reworded.prompt.count < Self.longest else { return nil }
        reworded.metadata["reworded"] = .bool(true)
        return SlottedText(reworded.prompt).text == SlottedText(example.prompt).text ? nil : reworded
    }

    /// In characters.
    private static let longest = 500
}
