import HonePostgres

/// One answer that a worker sampled for a training in progress.
public struct SampledRollout: Sendable, Equatable {
    /// What a scorer said of it.
    public enum Reward: Sendable, Equatable {
        case scored(Double)
        /// Nothing, and why; never the same as 0.
        case unscorable(reason: String)
    }

    /// Its place among the answers that were asked for at the step.
    public var ordinal: Int
    /// Place of the prompt among the training's.
    public var prompt: Int
    public var group: Int
    public var tokens: [Int32]
    /// The sampler's log-probabilities at temperature 1, one a token.
    public var logProbs: [Float]
    /// `stop` or `length`.
    public var finishReason: String
    /// The verifier's.
    public var reward: Reward

    public init(
        ordinal: Int, prompt: Int, group: Int, tokens: [Int32], logProbs: [Float], finishReason: String, reward: Reward
    ) {
        self.ordinal = ordinal
        self.prompt = prompt
        self.group = group
        self.tokens = tokens
        self.logProbs = logProbs
        self.finishReason = finishReason
        self.reward = reward
    }

    init(_ row: PostgresRow) throws {
        ordinal = Int(try row.decode("ordinal", as: Int32.self))
        prompt = Int(try row.decode("prompt", as: Int32.self))
        group = Int(try row.decode("group_number", as: Int32.self))
        tokens = try row.decode("token_ids")
        logProbs = try row.decode("log_probs")
        finishReason = try row.decode("finish_reason")
        if let score = try row.decode("score", as: Double?.self) {
            reward = .scored(score)
        } else {
            reward = .unscorable(reason: try row.decode("reason", as: String?.self) ?? "no verdict on record")
        }
    }
}

extension SampledRollout.Reward {
    var state: String {
        switch self {
        case .scored: "scored"
        case .unscorable: "unscorable"
        }
    }

    var score: Double? {
        guard case .scored(let score) = self else { return nil }
        return score
    }

    /// Without what PostgreSQL's text cannot hold.
    var reason: String? {
        guard case .unscorable(let reason) = self else { return nil }
        return reason.replacing("\0", with: "\u{FFFD}")
    }
}
