internal import HoneInference
internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

/// What a model answers to prompts.
struct OwnAnswers {
    let model: CausalLanguageModel
    let tokenizer: ByteTokenizer
    let usesCalculator: Bool
    let maximumTokens: Int

    /// Answers every prompt: the same weights, prompts and seed give the same tokens.
    ///
    /// - Parameters:
    ///   - prompts: in tokens
    ///   - temperature: 0 takes the likeliest token each time
    ///   - seed: of the draws
    /// - Returns: an answer a prompt, with the end token where it was written
    /// - Throws: `InferenceError` for a prompt that leaves no room for an answer.
    func write(to prompts: [[Int32]], temperature: Double, seed: UInt64) throws -> [[Int32]] {
        var random = SplitMix64(seed: seed, stream: 0)
        let requests = prompts.map { prompt in
            GenerationRequest(
                prompt: prompt, maximumNewTokens: maximumTokens,
                sampling: SamplingParameters(temperature: temperature, seed: random.next()),
                usesCalculator: usesCalculator)
        }
        var limits = GenerationLimits()
        limits.batchSize = 256
        return try noGrad {
            try TextGenerator(model: model, tokenizer: tokenizer, limits: limits).generate(requests).map(\.tokens)
        }
    }
}
