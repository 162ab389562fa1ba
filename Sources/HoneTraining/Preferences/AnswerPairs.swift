internal import Crypto

/// Two answers to one prompt, the first of which was liked better.
public struct AnswerPair: Sendable, Equatable {
    public var prompt: [Int32]
    /// With the end token.
    public var chosen: [Int32]
    public var rejected: [Int32]
    /// How much the judgement counts.
    public var weight: Double

    public init(prompt: [Int32], chosen: [Int32], rejected: [Int32], weight: Double = 1) {
        self.prompt = prompt
        self.chosen = chosen
        self.rejected = rejected
        self.weight = weight
    }
}

/// The pairs of a run, as rows: those that are chosen first, then in the same order those that are rejected.
struct AnswerPairs {
    let weights: [Float]
    let rows: [PromptedAnswer]
    /// Tokens of the longest answer.
    let width: Int
    /// SHA-256 over everything that training reads.
    let hash: String

    var count: Int { weights.count }
    /// Tokens that a pair takes in a batch.
    var lengths: [Int] { (0..<count).map { max(rows[$0].inputCount, rows[$0 + count].inputCount) } }

    /// - Throws: `TrainingError.example` for a pair that training cannot use.
    init(_ pairs: [AnswerPair], vocabularySize: Int, maximumLength: Int) throws(TrainingError) {
        if pairs.isEmpty { throw .noExamples("there are no pairs") }
        var hasher = SHA256()
        for (position, pair) in pairs.enumerated() {
            if let fault = pair.fault(vocabularySize, maximumLength) {
                throw .example(position: position, reason: fault)
            }
            hasher.update(words: pair.prompt + [-1] + pair.chosen + [-1] + pair.rejected + [-2])
            hasher.update(numbers: [pair.weight])
        }
        weights = pairs.map { Float($0.weight) }
        rows =
            pairs.map { PromptedAnswer(prompt: $0.prompt, tokens: $0.chosen) }
            + pairs.map { PromptedAnswer(prompt: $0.prompt, tokens: $0.rejected) }
        width = rows.map(\.tokens.count).max() ?? 0
        hash = hasher.finalize().hexadecimal
    }
}

extension AnswerPair {
    fileprivate func fault(_ vocabularySize: Int, _ maximumLength: Int) -> String? {
        if prompt.isEmpty || chosen.isEmpty || rejected.isEmpty { return "has a prompt or an answer without tokens" }
        if chosen == rejected { return "prefers an answer to itself" }
        if !weight.isFinite || weight <= 0 { return "has a weight of \(weight)" }
        let length = prompt.count + max(chosen.count, rejected.count)
        if length > maximumLength {
            return "has \(length) tokens and the model's context is \(maximumLength); leave it out"
        }
        let unknown = (prompt + chosen + rejected).first { !(0..<vocabularySize).contains(Int($0)) }
        return unknown.map {
            "has token \($0), and the model knows \(vocabularySize); was it encoded by another model's tokenizer?"
        }
    }
}
