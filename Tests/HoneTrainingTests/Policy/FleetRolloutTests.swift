import Foundation
import HoneInference
import HoneModel
import HoneTensor
import Testing

@testable import HoneTraining

/// Steps on answers that others sampled with a copy of the policy.
@Suite struct FleetRolloutTests {
    /// Samples a step's answers as a worker would: with the published files, a chunk at a time.
    private func sample(
        _ groups: [RolloutGroup], by directory: String, version: Int, _ configuration: PPOConfiguration,
        chunk: Int = 1
    ) throws -> [Rollout] {
        let model = try CausalLanguageModel.load(directory: directory)
        let sampling = RolloutSampling(configuration)
        return try stride(from: 0, to: groups.count, by: chunk).flatMap { start -> [Rollout] in
            let part = Array(groups[start..<min(start + chunk, groups.count)])
            let results = try TextGenerator(model: model, tokenizer: Fixture.tokenizer)
                .generate(sampling.requests(part))
            return zip(part.flatMap { group in group.seeds.map { _ in group } }, results).map { group, result in
                Rollout(
                    prompt: group.prompt, group: group.group, tokens: result.tokens, logProbs: result.logProbs,
                    text: result.text, isComplete: result.finishReason == .stop, policyStep: version,
                    verdict: PolicyFixture.reward("", result.text, result.tokens))
            }
        }
    }

    @Test(arguments: [1, 3, 100])
    func `answers of the published policy end in the bits of answers in the process, however they are cut`(
        chunk: Int
    ) async throws {
        let configuration = PolicyFixture.configuration(steps: 3)
        let own = try PolicyFixture.trainer(configuration)
        let fed = try PolicyFixture.trainer(configuration)
        try await withTemporaryDirectory { root in
            for step in 0..<3 {
                let expected = try own.sample()
                _ = try own.advance()
                try fed.writePolicySetting(to: root + "/\(step)")
                try Safetensors.write(fed.policyState(), to: root + "/\(step)/model.safetensors")
                let rollouts = try sample(
                    fed.groups(atStep: step), by: root + "/\(step)", version: step, configuration, chunk: chunk)
                #expect(rollouts.map(\.tokens) == expected.map(\.tokens))
                let report = try fed.advance(on: rollouts, samplingSeconds: 0)
                #expect(report.staleness == 0 && report.leftOutCount == 0)
            }
        }
        for (name, tensor) in own.policy.stateDictionary() {
            #expect(tensor.equals(try #require(fed.policy.stateDictionary()[name])), "\(name)")
        }
    }

    @Test func `an answer of an older policy weighs by how likely it is by now, up to the cap`() throws {
        var configuration = PolicyFixture.configuration(steps: 4)
        configuration.maximumStaleness = 1
        configuration.importance = ImportanceCorrection(upper: 1.05)
        configuration.optimizer.learningRate = 0.02
        let trainer = try PolicyFixture.trainer(configuration)
        var old = try trainer.sample()
        for i in old.indices { old[i].verdict = PolicyFixture.reward("", old[i].text, old[i].tokens) }
        let first = try trainer.advance(on: old, samplingSeconds: 0)
        #expect(abs(first.importance - 1) < 1e-5 && first.importanceBoundShare == 0)

        // The second step learns from the same answers, which are one step old by now.
        let schedule = trainer.schedule(old)
        var report = PPOStepReport(step: 2, steps: 4)
        let experience = try trainer.gather(old, schedule, &report)
        let width = experience.mask_RW.size(1)
        let sampler = old.flatMap { $0.logProbs + [Float](repeating: 0, count: width - $0.logProbs.count) }
        let now = experience.old_RW.toArray(Float.self)
        let mask = experience.mask_RW.toArray(Float.self)
        let weights = try #require(experience.importance_RW).toArray(Float.self)
        for i in weights.indices {
            let expected = mask[i] == 0 ? 0 : min(1.05, exp(now[i] - sampler[i]))
            #expect(abs(weights[i] - expected) < 1e-5)
        }
        #expect(weights.contains(1.05) && weights.contains { $0 > 0 && $0 < 0.95 })
        let second = try trainer.advance(on: old, samplingSeconds: 0)
        #expect(second.staleness == 1 && second.importanceBoundShare > 0.1)
    }

    @Test func `verdicts from elsewhere are not asked for again, and nothing is learnt from an answer without`()
        throws
    {
        let trainer = try PolicyFixture.trainer(PolicyFixture.configuration(steps: 1)) { _, _, _ in
            Issue.record("asked again")
            return .scored(0)
        }
        var rollouts = try trainer.sample()
        for i in rollouts.indices { rollouts[i].verdict = .scored(Double(i % 2)) }
        rollouts[0].verdict = .unscorable(reason: "the verifier was late")
        rollouts.removeLast(2)
        let report = try trainer.advance(on: rollouts, samplingSeconds: 0)
        #expect(report.unscorableCount == 1 && report.leftOutCount == 2 && report.answerCount == 14)
        #expect(abs(report.score - 7 / 13) < 1e-9)
    }
}
