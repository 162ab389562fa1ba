import Testing

@testable import HoneTraining

@Suite struct PolicyObjectiveTests {
    @Test(arguments: [
        PolicyObjective(),
        PolicyObjective(estimator: .grpo, aggregation: .sequenceMeanTokenMean),
        PolicyObjective(estimator: .drGRPO, aggregation: .constantNorm),
        PolicyObjective(estimator: .rloo, policyLoss: PolicyLoss(kind: .reinforce), aggregation: .sequenceMeanTokenSum),
        PolicyObjective(
            estimator: .grpo, policyLoss: PolicyLoss(kind: .sequenceClip), aggregation: .sequenceMeanTokenMean),
        PolicyObjective(estimator: .reinforceBaseline, policyLoss: PolicyLoss(dualClip: 3)),
    ])
    func `the published algorithms are points of the grid`(objective: PolicyObjective) throws {
        try objective.validate(samplesPerPrompt: 4, updatesPerBatch: 1)
    }

    @Test(arguments: [
        ("samples_per_prompt", PolicyObjective(estimator: .grpo), 1, 1),
        ("policy_loss", PolicyObjective(policyLoss: PolicyLoss(kind: .sequenceClip)), 4, 1),
        ("aggregation", PolicyObjective(estimator: .rloo, policyLoss: PolicyLoss(kind: .sequenceClip)), 4, 1),
        ("policy_loss", PolicyObjective(policyLoss: PolicyLoss(kind: .reinforce)), 1, 4),
        ("clip_low", PolicyObjective(policyLoss: PolicyLoss(clipLow: 1)), 1, 4),
        ("dual_clip", PolicyObjective(policyLoss: PolicyLoss(dualClip: 1.1)), 1, 4),
    ])
    func `a combination without a meaning is refused by the name of its setting`(
        key: String, objective: PolicyObjective, samples: Int, updates: Int
    ) throws {
        let error = #expect(throws: TrainingError.self) {
            try objective.validate(samplesPerPrompt: samples, updatesPerBatch: updates)
        }
        guard case .configuration(let named, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(named == key)
    }
}
