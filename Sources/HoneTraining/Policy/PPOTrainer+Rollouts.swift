internal import Foundation
internal import HoneInference
internal import HoneModel
public import HoneTensor
internal import HoneTokenizer

// Where answers come from: this policy, here, or samplers elsewhere that were given a copy of it.
extension PPOTrainer {
    /// What is asked at a step, counted from 0. The draws depend on the seed and the step alone, so it can be sampled
    /// ahead of its turn and on any machine.
    public func groups(atStep step: Int) -> [RolloutGroup] {
        groups(prompts.batch(atStep: step), step: step, round: 0)
    }

    /// The answers of the policy as it is to the prompts of this step, not yet judged.
    public func sample() throws -> [Rollout] { try sample(prompts.batch(atStep: step), round: 0) }

    /// The same for prompts by their places; a step may have several rounds.
    func sample(_ asked: [Int], round: Int) throws -> [Rollout] {
        let groups = groups(asked, step: step, round: round)
        let requests = RolloutSampling(configuration).requests(groups)
        var limits = GenerationLimits()
        limits.batchSize = max(1, requests.count)
        let results = try TextGenerator(model: networks.policy, tokenizer: tokenizer, limits: limits)
            .generate(requests)
        let places = groups.flatMap { group in group.seeds.map { _ in group } }
        return zip(places, results).map { group, result in
            Rollout(
                prompt: group.prompt, group: group.group, tokens: result.tokens, logProbs: result.logProbs,
                text: result.text, isComplete: result.finishReason == .stop, policyStep: step,
                verdict: .unscorable(reason: "not judged yet"))
        }
    }

    private func groups(_ asked: [Int], step: Int, round: Int) -> [RolloutGroup] {
        var random = SplitMix64(
            seed: configuration.seed &+ 0x5851_F42D_4C95_7F2D, stream: UInt64(step) &+ UInt64(round) << 32)
        return asked.enumerated().map { number, place in
            RolloutGroup(
                prompt: place, group: number, tokens: prompts.tokens[place],
                seeds: (0..<configuration.samplesPerPrompt).map { _ in random.next() })
        }
    }

    /// What an answer's tokens say.
    public func text(of tokens: [Int32], isComplete: Bool) -> String {
        tokenizer.decode(isComplete ? Array(tokens.dropLast()) : tokens)
    }

    /// Learns from the answers that samplers elsewhere gave for this step.
    ///
    /// - Parameters:
    ///   - rollouts: in the order in which they were asked for; their verdicts are the verifier's, and what else judges
    ///     does so here
    ///   - samplingSeconds: how long it took to get them
    /// - Returns: what the step saw and did; `leftOutCount` are the answers that did not come
    /// - Throws: `TrainingError.stale` for an answer that is too old, and as ``learn(from:measures:)``.
    public func advance(on rollouts: [Rollout], samplingSeconds: Double) throws -> PPOStepReport {
        let started = ContinuousClock.now
        var judged = rollouts
        let measures = judge(&judged, areVerified: true)
        let scoringSeconds = (ContinuousClock.now - started) / .seconds(1)
        var report = try learn(from: judged, measures: measures)
        report.samplingSeconds = samplingSeconds
        report.scoringSeconds = scoringSeconds
        report.leftOutCount = configuration.promptsPerStep * configuration.samplesPerPrompt - rollouts.count
        return report
    }

    /// Writes what samplers elsewhere need beside the policy's weights, which stays as it is while those are trained:
    /// a model directory without `model.safetensors`.
    ///
    /// - Parameter directory: is made
    /// - Throws: what the disk says.
    public func writePolicySetting(to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try policy.configuration.write(directory: directory)
        try tokenizer.writeFiles(to: directory)
    }

    /// The policy's weights as they are, with adapters merged in: the tensors of a `model.safetensors`. Without
    /// adapters they are those that are trained.
    public func policyState() throws -> [String: Tensor] {
        try (configuration.adapters == nil ? policy : policy.merged()).stateDictionary()
    }
}
