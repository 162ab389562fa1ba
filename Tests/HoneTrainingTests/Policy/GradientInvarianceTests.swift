import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct PPOGradientInvarianceTests {
    /// The gradients of one update over all answers, cut into batches as `cut` does it.
    private func gradients(
        _ trainer: PPOTrainer, _ rollouts: [Rollout], cut: (PPOTrainer.Schedule) -> [AnswerBatch]
    ) throws -> [Tensor] {
        let schedule = trainer.schedule(rollouts)
        var report = PPOStepReport(step: 1, steps: 1)
        let experience = try trainer.gather(rollouts, schedule, &report)
        // Off policy, so that the clipped branch takes part.
        noGrad {
            let noise = Tensor.randn(experience.old_RW.shape, generator: Generator(seed: 3))
            experience.old_RW.addInPlace(noise * experience.mask_RW * 0.2)
        }
        _ = trainer.accumulate(cut(schedule), experience)
        let parameters = trainer.policy.parameters + (trainer.networks.critic?.parameters ?? [])
        return parameters.compactMap(\.grad)
    }

    private func trainer(_ aggregation: LossAggregation) throws -> (PPOTrainer, [Rollout]) {
        var configuration = PolicyFixture.configuration(steps: 1)
        configuration.objective.aggregation = aggregation
        configuration.entropyCoefficient = 0.01
        configuration.divergence.place = .loss
        configuration.divergence.estimator = .k3
        let trainer = try PolicyFixture.trainer(configuration)
        var rollouts = try trainer.sample()
        for i in rollouts.indices {
            rollouts[i].verdict = .scored(Double(i % 3))
            rollouts[i].tokens.removeLast(i % 5)
            rollouts[i].logProbs.removeLast(i % 5)
        }
        return (trainer, rollouts)
    }

    private func expectEqual(_ a: [Tensor], _ b: [Tensor], _ comment: String) {
        #expect(a.count == b.count && !a.isEmpty)
        for (one, other) in zip(a, b) {
            let scale = max(one.abs().max().item(), 1e-3)
            #expect((one - other).abs().max().item() <= 1e-6 * scale + 1e-8, "\(comment)")
        }
    }

    @Test(arguments: LossAggregation.allCases)
    func `T21: gradients do not depend on how an update is cut into batches`(aggregation: LossAggregation) throws {
        let (trainer, rollouts) = try trainer(aggregation)
        func gradients(tokensPerBatch: Int) throws -> [Tensor] {
            try self.gradients(trainer, rollouts) { schedule in
                AnswerBatch.cut(
                    Array(rollouts.indices), of: schedule.answers, width: schedule.width,
                    tokensPerBatch: tokensPerBatch)
            }
        }
        let whole = try gradients(tokensPerBatch: 1 << 20)
        for tokensPerBatch in [1, 24, 48, 100] {
            expectEqual(whole, try gradients(tokensPerBatch: tokensPerBatch), "\(tokensPerBatch) tokens at once")
        }
    }

    @Test(.enabled(if: Torch.computesTokensAlike), arguments: [AdvantageEstimator.gae, .grpo])
    func `two threads learn the bits of one`(estimator: AdvantageEstimator) throws {
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        let runs = try [1, 2].map { count in
            var configuration = PolicyFixture.configuration(steps: 3, estimator)
            configuration.threads = count
            let trainer = try PolicyFixture.trainer(configuration)
            for _ in 0..<3 { _ = try trainer.advance() }
            return trainer.policy.parameters + (trainer.networks.critic?.parameters ?? [])
        }
        #expect(!runs[0].isEmpty && runs[0].count == runs[1].count)
        for (a, b) in zip(runs[0], runs[1]) { #expect(a.equals(b)) }
    }
}
