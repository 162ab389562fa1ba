internal import HoneInference
internal import HoneModel

/// Prompts that a run never learns from and answers greedily every few steps.
///
/// The mean score of sampled answers is a different draw of prompts every step; the same prompts, answered by the
/// likeliest tokens, tell a policy that breaks down some steps earlier.
public struct PolicyProbe: Codable, Sendable, Equatable {
    /// So many of the run's prompts are taken out, by its seed.
    public var prompts = 200
    /// Steps between probes; the first is before the first step.
    public var interval = 5

    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case prompts, interval
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init()
        try settings.read(.prompts, into: &prompts)
        try settings.read(.interval, into: &interval)
    }

    func validate() throws(TrainingError) {
        try require(prompts > 0, CodingKeys.prompts, "must be at least 1, is \(prompts)")
        try require(interval > 0, CodingKeys.interval, "must be at least 1, is \(interval)")
    }
}

extension PPOTrainer {
    /// The mean score of greedy answers to the prompts that are kept out, by the policy as it is; nil where a probe is
    /// not due after `step` steps, or where no answer could be judged.
    func probe(afterSteps step: Int) throws -> Double? {
        guard let probe = configuration.probe, step % probe.interval == 0 else { return nil }
        let requests = prompts.keptOut.map {
            GenerationRequest(prompt: prompts.tokens[$0], maximumNewTokens: configuration.maximumNewTokens)
        }
        let answers = try TextGenerator(model: networks.policy, tokenizer: tokenizer).generate(requests)
        let judged = judge.judge(
            zip(prompts.keptOut, answers).map { answer(toPrompt: $0, text: $1.text, tokens: $1.tokens) })
        let scores = judged.compactMap(\.verdict.score)
        return scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
    }
}
