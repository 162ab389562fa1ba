/// What one step of reinforcement learning saw and did.
public struct PPOStepReport: Codable, Sendable, Equatable {
    /// Number of the step, the first being 1.
    public var step: Int
    public var steps: Int

    // The answers
    /// Mean score of the answers that have one.
    public var score = 0.0
    public var answerCount = 0
    /// Answers that could not be judged, which nothing was learnt from.
    public var unscorableCount = 0
    /// Answers that were asked for and that no sampler could give.
    public var leftOutCount = 0
    /// Steps that the oldest answer's policy is behind.
    public var staleness = 0
    /// Mean weight of a token against the age of its answer, and the share of tokens whose weight was bounded.
    public var importance = 1.0
    public var importanceBoundShare = 0.0
    /// Share that ended by itself.
    public var completeShare = 0.0
    /// Tokens of an answer.
    public var meanLength = 0.0
    /// Share of groups whose answers all have one score, which teach nothing by comparison; 0 without groups.
    public var zeroVarianceShare = 0.0
    /// What else the judge measured, as means over the answers that have it.
    public var measures: [String: Double] = [:]
    /// Largest distance of a sampler's log-probability from the trainer's, of answers of this policy.
    public var samplerDeviation = 0.0

    // The policy before the step
    /// Nats of a whole answer from the reference, estimated by k1; 0 without a reference.
    public var divergence = 0.0
    public var divergenceCoefficient = 0.0
    /// Nats of a token's distribution.
    public var entropy = 0.0
    /// Share of the returns' variance that the critic's values explain.
    public var explainedVariance = 0.0

    // The updates
    public var updateCount = 0
    public var policyLoss = 0.0
    public var valueLoss = 0.0
    /// Nats of a token from the policy that sampled, by k2, in the last update.
    public var movedDivergence = 0.0
    /// Share of tokens whose loss was clipped.
    public var clipShare = 0.0
    public var maximumRatio = 1.0
    /// Global norms of the gradients before clipping, in the last update.
    public var gradNorm = 0.0
    public var criticGradNorm = 0.0
    public var learningRate = 0.0
    /// Whether the epochs ended early because the policy had moved too far.
    public var endedEarly = false

    // The cost
    public var sampledTokens = 0
    public var samplingSeconds = 0.0
    /// What sampling took all samplers together, where those are elsewhere.
    public var samplerSeconds = 0.0
    public var scoringSeconds = 0.0
    public var learningSeconds = 0.0

    /// The mean score of greedy answers to the prompts that are kept out, after this step; nil where none was due.
    public var probe: Double?
    /// The same before the first step; nil in later reports.
    public var probeAtStart: Double?
    /// The best mean of what is watched, and the step that completed it.
    public var peak: Double?
    public var peakStep: Int?
    /// Whether the run ends here with the weights of that step, since what is watched fell from its peak.
    public var endedAtPeak = false
    /// Why this was the last step, where the run stopped itself.
    public var stopCause: StopCause?

    init(step: Int, steps: Int) {
        self.step = step
        self.steps = steps
    }

    enum CodingKeys: String, CodingKey {
        case step, steps, score
        case answerCount = "answers"
        case unscorableCount = "unscorable"
        case leftOutCount = "left_out"
        case staleness, importance
        case importanceBoundShare = "importance_bound_share"
        case completeShare = "complete_share"
        case meanLength = "mean_length"
        case zeroVarianceShare = "zero_variance_share"
        case measures
        case samplerDeviation = "sampler_deviation"
        case divergence
        case divergenceCoefficient = "divergence_coefficient"
        case entropy
        case explainedVariance = "explained_variance"
        case updateCount = "updates"
        case policyLoss = "policy_loss"
        case valueLoss = "value_loss"
        case movedDivergence = "moved_divergence"
        case clipShare = "clip_share"
        case maximumRatio = "maximum_ratio"
        case gradNorm = "grad_norm"
        case criticGradNorm = "critic_grad_norm"
        case learningRate = "learning_rate"
        case endedEarly = "ended_early"
        case sampledTokens = "sampled_tokens"
        case samplingSeconds = "sampling_seconds"
        case samplerSeconds = "sampler_seconds"
        case scoringSeconds = "scoring_seconds"
        case learningSeconds = "learning_seconds"
        case probe
        case probeAtStart = "probe_at_start"
        case peak
        case peakStep = "peak_step"
        case endedAtPeak = "ended_at_peak"
        case stopCause = "stop_cause"
    }
}
