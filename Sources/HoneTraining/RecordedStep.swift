/// What a step reports for the record: numbers under names of the trainer's own.
///
/// ```swift
/// extension DistillationReport: RecordedStep {
///     public var metrics: [String: Double] { ["loss": loss, "teacher_kl": divergence] }
/// }
/// ```
public protocol RecordedStep: Sendable {
    /// Number of the step, the first being 1.
    var step: Int { get }
    /// The numbers by name, in lower case with underscores; `step` and `at` are taken. A step may lack names that
    /// others have, and a number need not be finite.
    var metrics: [String: Double] { get }
}

extension StepReport: RecordedStep {
    public var metrics: [String: Double] {
        var metrics = [
            "loss": loss, "grad_norm": gradNorm, "learning_rate": learningRate, "tokens": Double(tokens),
            "tokens_per_second": tokensPerSecond, "seconds": Double(tokens) / tokensPerSecond,
        ].merging(memory) { own, _ in own }
        if let exitLoss { metrics["exit_loss"] = exitLoss }
        if let curriculum {
            metrics["curriculum_stage"] = Double(curriculum.stage)
            metrics["curriculum_difficulty"] = curriculum.difficulty
            metrics["probe_accuracy"] = curriculum.accuracy
            metrics["probe_loss"] = curriculum.loss
        }
        return metrics
    }
}

extension RewardStepReport: RecordedStep {
    public var metrics: [String: Double] {
        [
            "loss": loss, "grad_norm": gradNorm, "learning_rate": learningRate, "examples": Double(examples),
            "tokens": Double(tokens),
        ].merging(evaluation?.metrics ?? [:]) { own, _ in own }
    }
}

extension PPOStepReport: RecordedStep {
    public var metrics: [String: Double] {
        [
            "reward": score, "answers": Double(answerCount), "unscorable": Double(unscorableCount),
            "left_out": Double(leftOutCount), "staleness": Double(staleness), "importance": importance,
            "importance_bound_share": importanceBoundShare,
            "complete_share": completeShare, "mean_length": meanLength, "zero_variance_share": zeroVarianceShare,
            "sampler_deviation": samplerDeviation, "kl": divergence, "kl_coefficient": divergenceCoefficient,
            "entropy": entropy, "explained_variance": explainedVariance, "updates": Double(updateCount),
            "policy_loss": policyLoss, "value_loss": valueLoss, "moved_kl": movedDivergence, "clip_share": clipShare,
            "maximum_ratio": maximumRatio, "grad_norm": gradNorm, "critic_grad_norm": criticGradNorm,
            "learning_rate": learningRate, "ended_early": endedEarly ? 1 : 0, "sampled_tokens": Double(sampledTokens),
            "sampling_seconds": samplingSeconds, "sampler_seconds": samplerSeconds, "scoring_seconds": scoringSeconds,
            "learning_seconds": learningSeconds, "sqrt_kl": max(0, divergence).squareRoot(),
            "ended_at_peak": endedAtPeak ? 1 : 0,
        ].merging(measures) { own, _ in own }
            .merging(probe.map { ["probe": $0] } ?? [:]) { own, _ in own }
            .merging(probeAtStart.map { ["probe_at_start": $0] } ?? [:]) { own, _ in own }
            .merging(peak.map { ["peak": $0, "peak_step": Double(peakStep ?? 0)] } ?? [:]) { own, _ in own }
    }
}
