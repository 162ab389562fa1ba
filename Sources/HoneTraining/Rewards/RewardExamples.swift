internal import Crypto

/// Two answers to one prompt and which one people liked better.
public struct PreferencePair: Sendable, Equatable, Codable {
    /// Tokens of prompt and answer, with the end token.
    public var chosen: [Int32]
    public var rejected: [Int32]
    /// How clear the favour is, in units of the reward.
    public var margin: Double
    /// Nobody could say which is better.
    public var isTie: Bool
    /// How much the judgement counts, for example by the trust in who gave it.
    public var weight: Double

    public init(
        chosen: [Int32], rejected: [Int32], margin: Double = 0, isTie: Bool = false, weight: Double = 1
    ) {
        self.chosen = chosen
        self.rejected = rejected
        self.margin = margin
        self.isTie = isTie
        self.weight = weight
    }
}

/// A solution and which of its steps are right.
public struct StepExample: Sendable, Equatable, Codable {
    public struct Label: Sendable, Equatable, Codable {
        /// Place of the token that ends the step.
        public var position: Int
        public var isRight: Bool

        public init(position: Int, isRight: Bool) {
            self.position = position
            self.isRight = isRight
        }
    }

    /// Tokens of prompt and solution.
    public var tokens: [Int32]
    public var labels: [Label]

    public init(tokens: [Int32], labels: [Label]) {
        self.tokens = tokens
        self.labels = labels
    }

    /// The labels of a solution whose steps end at `separators` and were rated +1, 0 or -1: up to the first wrong step.
    public init(tokens: [Int32], separators: [Int], ratings: [Int]) {
        precondition(separators.count == ratings.count, "\(ratings.count) ratings of \(separators.count) steps")
        let labels = StepRewardLoss.labels(ratings: ratings)
        self.init(
            tokens: tokens,
            labels: zip(separators, labels).filter { $0.1 != StepRewardLoss.noLabel }.map {
                Label(position: $0.0, isRight: $0.1 == 1)
            })
    }
}

/// What a reward model learns from.
public enum RewardExamples: Sendable, Equatable {
    case pairs([PreferencePair])
    case steps([StepExample])

    public var count: Int {
        switch self {
        case .pairs(let pairs): pairs.count
        case .steps(let examples): examples.count
        }
    }

    /// Whether nothing but ties is there.
    var areAllTies: Bool {
        guard case .pairs(let pairs) = self else { return false }
        return !pairs.isEmpty && pairs.allSatisfy(\.isTie)
    }

    /// Tokens of the longest row of every example.
    var lengths: [Int] {
        switch self {
        case .pairs(let pairs): pairs.map { max($0.chosen.count, $0.rejected.count) }
        case .steps(let examples): examples.map(\.tokens.count)
        }
    }

    /// Rows that an example takes in a batch.
    var rowsPerExample: Int {
        switch self {
        case .pairs: 2
        case .steps: 1
        }
    }

    /// SHA-256 over everything that training reads.
    var hash: String {
        var hasher = SHA256()
        switch self {
        case .pairs(let pairs):
            for pair in pairs {
                hasher.update(words: pair.chosen + [-1] + pair.rejected + [pair.isTie ? -3 : -2])
                hasher.update(numbers: [pair.margin, pair.weight])
            }
        case .steps(let examples):
            for example in examples {
                hasher.update(words: example.tokens + [-1])
                hasher.update(words: example.labels.flatMap { [Int32($0.position), $0.isRight ? 1 : 0] } + [-2])
            }
        }
        return hasher.finalize().hexadecimal
    }

    /// Throws for an example that training cannot use, naming its place.
    func validate(vocabularySize: Int, maximumLength: Int) throws(TrainingError) {
        if count == 0 { throw .noExamples("there are no labelled examples") }
        for position in 0..<count {
            if let reason = fault(at: position, vocabularySize, maximumLength) {
                throw .example(position: position, reason: reason)
            }
        }
    }

    private func fault(at position: Int, _ vocabularySize: Int, _ maximumLength: Int) -> String? {
        func fault(of tokens: [Int32]) -> String? {
            if tokens.isEmpty { return "has an answer without tokens" }
            if tokens.count > maximumLength {
                return "has \(tokens.count) tokens and the model's context is \(maximumLength); leave it out"
            }
            let unknown = tokens.first { !(0..<vocabularySize).contains(Int($0)) }
            return unknown.map {
                "has token \($0), and the model knows \(vocabularySize); was it encoded by another model's tokenizer?"
            }
        }
        switch self {
        case .pairs(let pairs):
            let pair = pairs[position]
            if let reason = fault(of: pair.chosen) ?? fault(of: pair.rejected) { return reason }
            if pair.isTie && pair.margin != 0 { return "is a tie and has a margin of \(pair.margin)" }
            if !pair.margin.isFinite || pair.margin < 0 { return "has a margin of \(pair.margin)" }
            if !pair.weight.isFinite || pair.weight <= 0 { return "has a weight of \(pair.weight)" }
            if !pair.isTie && pair.chosen == pair.rejected { return "prefers an answer to itself" }
        case .steps(let examples):
            let example = examples[position]
            if let reason = fault(of: example.tokens) { return reason }
            if example.labels.isEmpty { return "has no labelled step" }
            if let label = example.labels.first(where: { !example.tokens.indices.contains($0.position) }) {
                return "has a label at token \(label.position) of \(example.tokens.count)"
            }
        }
        return nil
    }
}

extension SHA256 {
    /// Takes in numbers, little-endian.
    mutating func update(words: [Int32]) {
        update(data: words.flatMap { word in [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> Int32($0)) } })
    }

    mutating func update(numbers: [Double]) {
        update(
            words: numbers.flatMap {
                [Int32(truncatingIfNeeded: $0.bitPattern), Int32(truncatingIfNeeded: $0.bitPattern >> 32)]
            })
    }
}
