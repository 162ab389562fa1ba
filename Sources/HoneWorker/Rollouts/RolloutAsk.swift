import HoneCatalog
import HoneTraining

/// What a training writes down for the sampler of one chunk: everything but the policy.
struct RolloutAsk: Codable, Sendable {
    /// A prompt, whose answers are to be sampled and verified.
    struct Question: Codable, Sendable {
        let group: RolloutGroup
        /// As the policy sees it.
        let prompt: String
        /// Empty where there is none.
        let references: [String]
    }

    /// Place of the first answer among those of the step.
    let first: Int
    let sampling: RolloutSampling
    let verifierLimit: Int?
    let questions: [Question]

    enum CodingKeys: String, CodingKey {
        case first, sampling, questions
        case verifierLimit = "verifier_limit_ms"
    }

    /// The answers of a step cut into chunks of about `size`, groups staying whole.
    static func chunks(
        of groups: [RolloutGroup], size: Int, sampling: RolloutSampling, verifierLimit: Int?,
        question: (RolloutGroup) -> Question
    ) -> [RolloutAsk] {
        var chunks: [RolloutAsk] = []
        var first = 0
        var rest = groups[...]
        while !rest.isEmpty {
            var count = 0
            let taken = rest.prefix { group in
                defer { count += group.seeds.count }
                return count == 0 || count + group.seeds.count <= size
            }
            chunks.append(
                RolloutAsk(
                    first: first, sampling: sampling, verifierLimit: verifierLimit, questions: taken.map(question)))
            first += taken.reduce(0) { $0 + $1.seeds.count }
            rest = rest.dropFirst(taken.count)
        }
        return chunks
    }
}

extension RewardVerdict {
    /// As it is put on record.
    var reward: SampledRollout.Reward {
        switch self {
        case .scored(let score, _): .scored(score)
        case .unscorable(let reason): .unscorable(reason: reason)
        }
    }

    init(_ reward: SampledRollout.Reward) {
        switch reward {
        case .scored(let score): self = .scored(score)
        case .unscorable(let reason): self = .unscorable(reason: reason)
        }
    }
}
