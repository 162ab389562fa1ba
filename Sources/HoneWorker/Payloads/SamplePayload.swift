import HoneFeedback

/// Several answers of a checkpoint to the prompts of a dataset, and questions to labellers about them.
struct SamplePayload: JobPayload {
    let checkpoint: Int64
    let dataset: String
    let split: String?
    /// At most so many prompts, the earliest ones.
    let limit: Int?
    /// At most so many prompts of each level.
    let perLevel: Int?
    /// Answers to each prompt.
    let samples: Int
    let temperature: Double?
    let maxNewTokens: Int?
    let seed: UInt64?
    /// What is asked about the answers.
    let label: Label?

    struct Label: Decodable, Sendable {
        /// preference, steps or rating, any of them.
        let kinds: [LabelKind]
        let source: LabelSource
        /// Labels a task, each by another labeller.
        let wanted: Int
        /// At most so many tasks a prompt; all if left out.
        let perPrompt: Int?

        fileprivate enum CodingKeys: String, CodingKey, CaseIterable {
            case kinds, source, wanted
            case perPrompt = "per_prompt"
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseStrangers(CodingKeys.self)
            let container = try decoder.container(keyedBy: CodingKeys.self)
            kinds = try container.decode([LabelKind].self, forKey: .kinds)
            source = try container.decodeIfPresent(LabelSource.self, forKey: .source) ?? .person
            wanted = try container.decodeIfPresent(Int.self, forKey: .wanted) ?? 1
            perPrompt = try container.decodeIfPresent(Int.self, forKey: .perPrompt)
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case checkpoint, dataset, split, limit, samples, temperature, seed, label
        case perLevel = "per_level"
        case maxNewTokens = "max_new_tokens"
    }

    func validate() throws(WorkerError) {
        try require((limit ?? 1) > 0, .limit, "must be at least 1")
        try require((perLevel ?? 1) > 0, .perLevel, "must be at least 1")
        try require((1...256).contains(samples), .samples, "must be between 1 and 256")
        try require((0...100).contains(temperature ?? 1), .temperature, "must be between 0 (greedy) and 100")
        try require((1...4096).contains(maxNewTokens ?? 1), .maxNewTokens, "must be between 1 and 4096")
        guard let label else { return }
        try require(!label.kinds.isEmpty, .label, "has no \"kinds\"")
        try require((1...100).contains(label.wanted), .label, "\"wanted\" must be between 1 and 100")
        try require((label.perPrompt ?? 1) > 0, .label, "\"per_prompt\" must be at least 1")
    }
}
