import HonePostgres
import HoneTraining

/// What one step of a training did, as its job shows it, its record and its checkpoint keep it.
protocol TrainingReport: RecordedStep {
    /// Why the training stopped itself; its weights are worth nothing then.
    var failure: String? { get }
    /// What a checkpoint of this step is recorded with.
    var checkpointMetrics: [String: Double] { get }

    /// For the job's row.
    func progress() throws -> PostgresJSON
}

extension StepReport: TrainingReport {
    private struct Progress: Encodable {
        let step: Int
        let steps: Int
        let loss: Double
        let tokensPerSecond: Int
        let secondsLeft: Int

        enum CodingKeys: String, CodingKey {
            case step, steps, loss
            case tokensPerSecond = "tokens_per_s"
            case secondsLeft = "eta_s"
        }
    }

    var failure: String? { nil }
    var checkpointMetrics: [String: Double] { ["loss": loss] }

    func progress() throws -> PostgresJSON {
        try PostgresJSON(
            encoding: Progress(
                step: step, steps: steps, loss: loss, tokensPerSecond: Int(tokensPerSecond.rounded()),
                secondsLeft: Int(secondsLeft.rounded())))
    }
}

/// The progress of a training that judges: a loss, and how much of what was measured is judged rightly.
struct JudgingProgress: Encodable {
    let step: Int
    let steps: Int
    let loss: Double
    let accuracy: Double?
}

extension RewardStepReport: TrainingReport {
    var failure: String? { nil }
    var checkpointMetrics: [String: Double] {
        ["loss": loss].merging(evaluation?.metrics ?? [:]) { own, _ in own }
    }

    func progress() throws -> PostgresJSON {
        try PostgresJSON(
            encoding: JudgingProgress(step: step, steps: steps, loss: loss, accuracy: evaluation?.accuracy))
    }
}

extension DirectPreferenceReport: TrainingReport {
    var failure: String? { nil }
    var checkpointMetrics: [String: Double] { ["loss": loss, "accuracy": accuracy, "margin": margin] }

    func progress() throws -> PostgresJSON {
        try PostgresJSON(encoding: JudgingProgress(step: step, steps: steps, loss: loss, accuracy: accuracy))
    }
}

extension PPOStepReport: TrainingReport {
    private struct Progress: Encodable {
        let step: Int
        let steps: Int
        let reward: Double
        /// Nil where there is no reference to diverge from.
        let divergence: Double?
        let unscorableCount: Int
        let secondsLeft: Int

        enum CodingKeys: String, CodingKey {
            case step, steps, reward
            case divergence = "kl"
            case unscorableCount = "unscorable"
            case secondsLeft = "eta_s"
        }
    }

    var failure: String? { stopCause?.description }

    var checkpointMetrics: [String: Double] {
        [
            "reward": score, "kl": divergence, "entropy": entropy, "mean_length": meanLength,
            "unscorable_share": Double(unscorableCount) / Double(max(1, answerCount)),
        ].merging(measures) { own, _ in own }
            .merging(peak.map { ["peak": $0, "peak_step": Double(peakStep ?? 0)] } ?? [:]) { own, _ in own }
    }

    /// The time left is at the speed of this step.
    func progress() throws -> PostgresJSON {
        let seconds = samplingSeconds + scoringSeconds + learningSeconds
        return try PostgresJSON(
            encoding: Progress(
                step: step, steps: steps, reward: score, divergence: divergenceCoefficient > 0 ? divergence : nil,
                unscorableCount: unscorableCount,
                secondsLeft: Int((seconds * Double(steps - step)).rounded())))
    }
}
