import HoneCatalog
import HoneFeedback

/// Several answers of a checkpoint to the prompts of a dataset, and questions to labellers about them.
struct SamplePayload: JobPayload {
    let checkpoint: Int64
    let dataset: String
    let split: String?
    /// Exactly these examples, as an `arrivals` stage gave them; all of the split that there are now if left out.
    let cut: DataCut?
    /// At most so many prompts, the earliest ones.
    let limit: Int?
    /// At most so many prompts of each level.
    let perLevel: Int?
    /// Answers to each prompt.
    let samples: Int
    let temperature: Double?
    let maxNewTokens: Int?
    let seed: UInt64?
    /// What every answer has to be.
    let format: FormatOption?
    /// What is asked about the answers.
    let label: Label?
    /// By which paths of the model; all layers for every answer if left out.
    let routing: RoutingSettings?

    struct Label: Decodable, Sendable {
        /// preference, steps or rating, any of them.
        let kinds: [LabelKind]
        let source: LabelSource
        /// Labels a task, each by another labeller.
        let wanted: Int
        /// At most so many tasks a prompt; all if left out.
        let perPrompt: Int?
        /// So many answers that the verifier judged become gold questions, of each kind; none if left out.
        let gold: Int?
        /// What is asked first; in the order of the examples if left out.
        let order: Order?

        /// What counts how much.
        struct Order: Decodable, Sendable {
            let rarity: Double
            let disagreement: Double

            private enum CodingKeys: String, CodingKey, CaseIterable {
                case rarity, disagreement
            }

            init(rarity: Double = 1, disagreement: Double = 1) {
                self.rarity = rarity
                self.disagreement = disagreement
            }

            init(from decoder: any Decoder) throws {
                try decoder.refuseStrangers(CodingKeys.self)
                let container = try decoder.container(keyedBy: CodingKeys.self)
                rarity = try container.decodeIfPresent(Double.self, forKey: .rarity) ?? 1
                disagreement = try container.decodeIfPresent(Double.self, forKey: .disagreement) ?? 1
            }
        }

        fileprivate enum CodingKeys: String, CodingKey, CaseIterable {
            case kinds, source, wanted, gold, order
            case perPrompt = "per_prompt"
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseStrangers(CodingKeys.self)
            let container = try decoder.container(keyedBy: CodingKeys.self)
            kinds = try container.decode([LabelKind].self, forKey: .kinds)
            source = try container.decodeIfPresent(LabelSource.self, forKey: .source) ?? .person
            wanted = try container.decodeIfPresent(Int.self, forKey: .wanted) ?? 1
            perPrompt = try container.decodeIfPresent(Int.self, forKey: .perPrompt)
            gold = try container.decodeIfPresent(Int.self, forKey: .gold)
            order = try container.decodeIfPresent(Order.self, forKey: .order)
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case checkpoint, dataset, split, cut, limit, samples, temperature, seed, format, label, routing
        case perLevel = "per_level"
        case maxNewTokens = "max_new_tokens"
    }

    func validate() throws(WorkerError) {
        try require(cut.map { $0.dataset == dataset } ?? true, .cut, "is of another dataset than \"dataset\"")
        try require((limit ?? 1) > 0, .limit, "must be at least 1")
        try require((perLevel ?? 1) > 0, .perLevel, "must be at least 1")
        try require((1...256).contains(samples), .samples, "must be between 1 and 256")
        try require((0...100).contains(temperature ?? 1), .temperature, "must be between 0 (greedy) and 100")
        try require((1...4096).contains(maxNewTokens ?? 1), .maxNewTokens, "must be between 1 and 4096")
        guard let label else { return }
        try require(!label.kinds.isEmpty, .label, "has no \"kinds\"")
        try require((1...100).contains(label.wanted), .label, "\"wanted\" must be between 1 and 100")
        try require((label.perPrompt ?? 1) > 0, .label, "\"per_prompt\" must be at least 1")
        try require((0...100_000).contains(label.gold ?? 0), .label, "\"gold\" must be between 0 and 100000")
        try require(
            label.gold ?? 0 == 0 || label.kinds.allSatisfy { $0 == .preference || $0 == .steps }, .label,
            "has \"gold\", and the verifier knows the right answer of preferences and steps alone")
        let (rarity, disagreement) = (label.order?.rarity ?? 0, label.order?.disagreement ?? 0)
        try require(
            min(rarity, disagreement) >= 0 && max(rarity, disagreement).isFinite, .label,
            "\"order\" has a weight below 0")
    }
}
