public import HoneInference

/// Answers to one prompt that are to be sampled: all that a sampler anywhere needs besides the policy and the settings.
public struct RolloutGroup: Codable, Sendable, Equatable {
    /// Place of the prompt among the run's.
    public var prompt: Int
    /// Number of the group within its step.
    public var group: Int
    /// Of the prompt.
    public var tokens: [Int32]
    /// One an answer; its draws depend on it alone.
    public var seeds: [UInt64]

    public init(prompt: Int, group: Int, tokens: [Int32], seeds: [UInt64]) {
        self.prompt = prompt
        self.group = group
        self.tokens = tokens
        self.seeds = seeds
    }
}

/// How a run's answers are sampled, in whichever process.
public struct RolloutSampling: Codable, Sendable, Equatable {
    public var maximumNewTokens: Int
    public var temperature: Double
    /// Threads inside one operator: another count rounds differently.
    public var threads: Int

    public init(_ configuration: PPOConfiguration) {
        maximumNewTokens = configuration.maximumNewTokens
        temperature = configuration.temperature
        threads = configuration.threads
    }

    enum CodingKeys: String, CodingKey {
        case maximumNewTokens = "max_new_tokens"
        case temperature, threads
    }

    /// One request an answer, group by group.
    public func requests(_ groups: [RolloutGroup]) -> [GenerationRequest] {
        groups.flatMap { group in
            group.seeds.map { seed in
                GenerationRequest(
                    prompt: group.tokens, maximumNewTokens: maximumNewTokens,
                    sampling: SamplingParameters(temperature: temperature, seed: seed))
            }
        }
    }
}
