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
    /// What keeps the run from forgetting: `old_kl`, `replay_loss`, `elastic_penalty`, of the parts that it has.
    public var memory: [String: Double] = [:]

    enum CodingKeys: String, CodingKey {
        case step, steps, loss
        case gradNorm = "grad_norm"
        case learningRate = "learning_rate"
        case tokens
        case tokensPerSecond = "tokens_per_second"
        case secondsLeft = "seconds_left"
        case memory
    }
}

/// A moving mean over about the last twenty values, for displays.
struct MovingMean {
    private(set) var value: Double?

    mutating func add(_ next: Double) {
        value = value.map { $0 + (next - $0) / 20 } ?? next
    }
}
