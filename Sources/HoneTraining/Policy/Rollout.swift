/// What was found out about one answer.
public enum RewardVerdict: Codable, Sendable, Equatable {
    /// A score for the whole, and scores of single steps where there are any.
    case scored(Double, steps: [StepReward] = [])
    /// Nothing can be said, for example because the judge failed; never the same as a bad score.
    case unscorable(reason: String)

    /// The score of a step, at the token of the answer where it ends.
    public struct StepReward: Codable, Sendable, Equatable {
        public var position: Int
        public var value: Double

        public init(position: Int, value: Double) {
            self.position = position
            self.value = value
        }
    }

    /// Nil where the answer has no score, or one that is no number.
    var score: Double? {
        guard case .scored(let value, _) = self, value.isFinite else { return nil }
        return value
    }

    var steps: [StepReward] {
        guard case .scored(_, let steps) = self else { return [] }
        return steps
    }
}

/// Judges one answer: the prompt's text, the answer's text, and its tokens with the end token where it was written.
public typealias RewardFunction =
    @Sendable (_ prompt: String, _ completion: String, _ tokens: [Int32]) -> RewardVerdict

/// One sampled answer with all that learning from it needs.
public struct Rollout: Codable, Sendable, Equatable {
    /// Place of the prompt among the run's.
    public var prompt: Int
    /// Answers of one group are compared with each other; they answer the same prompt.
    public var group: Int
    /// The answer, with the end token if it was written.
    public var tokens: [Int32]
    /// The sampler's log-probabilities of the tokens, at temperature 1.
    public var logProbs: [Float]
    public var text: String
    /// Whether it ended by itself and was not cut off.
    public var isComplete: Bool
    /// Steps that the policy had done which wrote it.
    public var policyStep: Int
    public var verdict: RewardVerdict

    public init(
        prompt: Int, group: Int, tokens: [Int32], logProbs: [Float], text: String, isComplete: Bool, policyStep: Int,
        verdict: RewardVerdict
    ) {
        self.prompt = prompt
        self.group = group
        self.tokens = tokens
        self.logProbs = logProbs
        self.text = text
        self.isComplete = isComplete
        self.policyStep = policyStep
        self.verdict = verdict
    }

    enum CodingKeys: String, CodingKey {
        case prompt, group, tokens
        case logProbs = "log_probs"
        case text
        case isComplete = "is_complete"
        case policyStep = "policy_step"
        case verdict
    }
}
