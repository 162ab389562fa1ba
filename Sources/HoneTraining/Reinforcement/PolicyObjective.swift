/// A point of the grid: how answers are judged, what that does to the policy, and how tokens are added up.
///
/// PPO is (`gae`, `ppoClip`, `tokenMean`), GRPO (`grpo`, `ppoClip`, `sequenceMeanTokenMean`), Dr. GRPO (`drGRPO`,
/// `ppoClip`, `constantNorm`), RLOO (`rloo`, `reinforce` or `ppoClip`, `sequenceMeanTokenSum`), GSPO (`grpo`,
/// `sequenceClip`, `sequenceMeanTokenMean`).
public struct PolicyObjective: Sendable, Equatable {
    public var estimator: AdvantageEstimator
    public var policyLoss: PolicyLoss
    public var aggregation: LossAggregation

    public init(
        estimator: AdvantageEstimator = .gae, policyLoss: PolicyLoss = PolicyLoss(),
        aggregation: LossAggregation = .tokenMean
    ) {
        self.estimator = estimator
        self.policyLoss = policyLoss
        self.aggregation = aggregation
    }

    /// Refuses a combination that has no meaning.
    ///
    /// - Parameters:
    ///   - samplesPerPrompt: answers to one prompt in a batch
    ///   - updatesPerBatch: optimizer steps on one batch of answers
    /// - Throws: `TrainingError.configuration`, naming the setting to change.
    func validate(samplesPerPrompt: Int, updatesPerBatch: Int) throws(TrainingError) {
        func require(_ holds: Bool, _ key: String, _ reason: String) throws(TrainingError) {
            if !holds { throw .configuration(key: key, reason: reason) }
        }
        try require(
            !estimator.isByGroup || samplesPerPrompt > 1, "samples_per_prompt",
            "must be at least 2, since \"\(estimator.rawValue)\" compares answers to one prompt; is \(samplesPerPrompt)"
        )
        if policyLoss.kind == .sequenceClip {
            try require(
                estimator.isByGroup, "policy_loss",
                "\"gspo\" has one ratio for a response, and \"gae\" an advantage for each token; use \"ppo_clip\"")
            try require(
                aggregation == .sequenceMeanTokenMean, "aggregation",
                "must be \"sequence_mean_token_mean\" with \"gspo\", whose ratio is a mean over the response; "
                    + "is \"\(aggregation.rawValue)\"")
        }
        try require(
            policyLoss.kind != .reinforce || updatesPerBatch == 1, "policy_loss",
            "\"reinforce\" has no ratio and so allows one update on a batch; epochs and mini-batches make "
                + "\(updatesPerBatch)")
        try require((0..<1).contains(policyLoss.clipLow), "clip_low", "must lie in 0..<1, is \(policyLoss.clipLow)")
        try require(policyLoss.clipHigh >= 0, "clip_high", "must not be negative, is \(policyLoss.clipHigh)")
        if let dualClip = policyLoss.dualClip {
            try require(
                dualClip > 1 + policyLoss.clipHigh, "dual_clip",
                "must be above 1 + clip_high, is \(dualClip)")
            try require(
                policyLoss.kind != .reinforce, "dual_clip", "bounds a ratio, which \"reinforce\" does not have")
        }
    }
}
