import HoneInference
import HoneModel
import HoneTokenizer
import HoneTraining

/// Whole iterations of PPO; `Tests/Oracles/eager_ppo.py` and `trl_ppo.py` do the same.
struct PPOMeasurement: Sendable {
    struct Run: Sendable {
        var tokens = 0
        var seconds = 0.0
        var samplingSeconds = 0.0
        var learningSeconds = 0.0
    }

    let directory: String
    let workload: PPOWorkload
    let threads: Int

    func run(iterations: Int) async throws -> Run {
        var settings = PPOConfiguration(steps: iterations + 1)
        settings.promptsPerStep = workload.prompts.count
        settings.samplesPerPrompt = 1
        settings.maximumNewTokens = workload.answerLengths.max() ?? 1
        settings.threads = threads
        settings.limits = CollapseLimits(watching: false)
        // The weights stay what they were, so that every iteration does the same work.
        settings.optimizer.learningRate = 1e-6
        settings.criticOptimizer.learningRate = 1e-6
        let run = try await TrainingRun.start { [settings] in
            try PPOTrainer(
                settings, policy: .load(directory: directory), prompts: workload.prompts, tokenizer: ByteTokenizer()
            ) { _, _, _ in .unscorable(reason: "the answers come with their scores") }
        }
        var total = Run()
        for iteration in 0...iterations {
            let started = ContinuousClock.now
            let report = try await run.with { trainer in
                let rollouts = try sample(trainer)
                return try trainer.advance(
                    on: rollouts, samplingSeconds: (ContinuousClock.now - started) / .seconds(1))
            }
            guard iteration > 0 else { continue }
            total.tokens += report.sampledTokens
            total.seconds += (ContinuousClock.now - started) / .seconds(1)
            total.samplingSeconds += report.samplingSeconds
            total.learningSeconds += report.learningSeconds
        }
        return total
    }

    /// As the trainer samples, but that every answer ends where the workload says.
    private func sample(_ trainer: PPOTrainer) throws -> [Rollout] {
        let groups = trainer.groups(atStep: trainer.step)
        var requests = RolloutSampling(trainer.configuration).requests(groups)
        for (index, group) in groups.enumerated() {
            requests[index].maximumNewTokens = workload.answerLengths[group.prompt]
        }
        var limits = GenerationLimits()
        limits.batchSize = requests.count
        let results = try TextGenerator(
            model: trainer.policy, tokenizer: ByteTokenizer(), endTokens: [], limits: limits
        ).generate(requests)
        return zip(groups, results).map { group, result in
            Rollout(
                prompt: group.prompt, group: group.group, tokens: result.tokens, logProbs: result.logProbs,
                text: result.text, isComplete: true, policyStep: trainer.step,
                verdict: .scored(Double((result.tokens.last ?? 0) % 2)))
        }
    }
}
