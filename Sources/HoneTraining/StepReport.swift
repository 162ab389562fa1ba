/// What one optimizer step did.
public struct StepReport: Codable, Sendable, Equatable {
    /// Number of the step, the first being 1.
    public let step: Int
    /// Steps of the whole run.
    public let steps: Int
    /// Mean negative log-likelihood of a completion's token, in nats.
    public let loss: Double
    /// Global norm of the gradient before clipping.
    public let gradNorm: Double
    public let learningRate: Double
    /// Tokens of the batch, without filling.
    public let tokens: Int
    public let tokensPerSecond: Double
    /// Time to the end of the run at the speed of the last steps, in seconds.
    public let secondsLeft: Double
    /// Nil in runs without a schedule of levels.
    public let curriculum: CurriculumReport?
    /// What keeps the run from forgetting: `old_kl`, `replay_loss`, `elastic_penalty`, of the parts that it has; where
    /// this step ended with a look at held-out old examples, `honeypot_accuracy` and `honeypot_loss`.
    public var memory: [String: Double] = [:]
    /// The loss of a completion's token at the early exit, in nats; nil in runs without one.
    public var exitLoss: Double?

    enum CodingKeys: String, CodingKey {
        case step, steps, loss
        case gradNorm = "grad_norm"
        case learningRate = "learning_rate"
        case tokens
        case tokensPerSecond = "tokens_per_second"
        case secondsLeft = "seconds_left"
        case curriculum, memory
        case exitLoss = "exit_loss"
    }
}

/// Where a run with a schedule of levels stands.
public struct CurriculumReport: Codable, Sendable, Equatable {
    /// The stage of this step's schedule, the first being 1.
    public let stage: Int
    /// The same under the adaptive rule, where it lies between stages.
    public let difficulty: Double
    /// Share of held-out examples written without a fault, where this step ended with a probe.
    public let accuracy: Double?
    /// Their mean loss of a token, in nats.
    public let loss: Double?

    init(stage: Int, difficulty: Double, probe: ProbeResult?) {
        self.stage = stage
        self.difficulty = difficulty
        accuracy = probe?.accuracy
        loss = probe?.loss
    }
}

/// A moving mean over about the last twenty values, for displays.
struct MovingMean {
    private(set) var value: Double?

    mutating func add(_ next: Double) {
        value = value.map { $0 + (next - $0) / 20 } ?? next
    }
}
