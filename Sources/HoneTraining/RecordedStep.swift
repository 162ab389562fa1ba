/// What a step reports for the record: numbers under names of the trainer's own.
///
/// ```swift
/// extension PPOStepReport: RecordedStep {
///     public var metrics: [String: Double] { ["reward": score, "kl": divergence, "entropy": entropy] }
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
        [
            "loss": loss, "grad_norm": gradNorm, "learning_rate": learningRate, "tokens": Double(tokens),
            "tokens_per_second": tokensPerSecond, "seconds": Double(tokens) / tokensPerSecond,
        ]
    }
}
