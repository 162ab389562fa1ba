internal import Crypto
internal import HoneTokenizer

/// The prompts of a run, and which of them every step sees: a function of the seed and the step.
struct PromptSet {
    let texts: [String]
    let tokens: [[Int32]]
    /// SHA-256 over all tokens in order.
    let hash: String
    /// Places of the prompts that are never learnt from.
    let keptOut: [Int]
    /// Places of the others.
    let learnt: [Int]
    private let seed: UInt64
    private let promptsPerStep: Int
    private var cached: (epoch: Int, order: [Int])?

    /// - Parameters:
    ///   - texts: in an order that is part of the run
    ///   - tokenizer: encodes them
    ///   - contextLength: every prompt must leave room for one token at least
    ///   - promptsPerStep: how many a step sees
    ///   - seed: of the order within an epoch, and of what is kept out
    ///   - keptOutCount: how many prompts are not to be learnt from
    /// - Throws: `TrainingError.example` for a prompt that is empty or too long.
    init(
        _ texts: [String], tokenizer: any Tokenizer, contextLength: Int, promptsPerStep: Int, seed: UInt64,
        keptOutCount: Int = 0
    ) throws(TrainingError) {
        guard !texts.isEmpty else { throw .noExamples("there are no prompts") }
        guard keptOutCount < texts.count else {
            throw .noExamples("there are \(texts.count) prompts, and the probe keeps \(keptOutCount) of them out")
        }
        var hasher = SHA256()
        var tokens: [[Int32]] = []
        for (position, text) in texts.enumerated() {
            let ids = tokenizer.encode(text)
            guard (1..<contextLength).contains(ids.count) else {
                throw .example(
                    position: position,
                    reason: "the prompt has \(ids.count) tokens; it needs at least 1 and must leave room for an answer "
                        + "in the model's context of \(contextLength)")
            }
            hasher.update(words: ids + [-1])
            tokens.append(ids)
        }
        self.texts = texts
        self.tokens = tokens
        self.seed = seed
        self.promptsPerStep = promptsPerStep
        var random = SplitMix64(seed: seed, stream: .max)
        var order = Array(texts.indices)
        if keptOutCount > 0 { random.shuffle(&order) }
        keptOut = order.prefix(keptOutCount).sorted()
        learnt = order.dropFirst(keptOutCount).sorted()
        hash = hasher.finalize().hexadecimal
    }

    /// Places of the prompts of the step with this number, counted from 0. An epoch sees every prompt once; a step may
    /// reach into the next.
    mutating func batch(atStep step: Int) -> [Int] {
        (step * promptsPerStep..<(step + 1) * promptsPerStep).map { number in
            order(ofEpoch: number / learnt.count)[number % learnt.count]
        }
    }

    private mutating func order(ofEpoch epoch: Int) -> [Int] {
        if let cached, cached.epoch == epoch { return cached.order }
        var random = SplitMix64(seed: seed, stream: UInt64(epoch))
        var order = learnt
        random.shuffle(&order)
        cached = (epoch, order)
        return order
    }
}
