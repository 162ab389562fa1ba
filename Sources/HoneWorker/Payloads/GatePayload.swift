import HoneEvaluation

/// Decides whether a candidate may be served.
struct GatePayload: JobPayload {
    let model: String
    /// The candidate.
    let checkpoint: Int64
    /// The candidate's evaluation, whose metrics `require` and `budgets` may name. Without a `target` the candidate
    /// must be right on its examples at least as often as the active checkpoint.
    let evaluation: Int64?
    /// Metrics and the least that each must reach.
    let require: [String: Double]?
    /// Metrics and the most that each may be, such as `length_ratio`.
    let budgets: [String: Double]?
    /// Where the candidate must be shown to be better than the active checkpoint.
    let target: GateSuite?
    /// Where it must be shown not to have lost more than the suite's margin.
    let guards: [GateSuite]?
    let maxNewTokens: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case model, checkpoint, evaluation, require, budgets, target, guards
        case maxNewTokens = "max_new_tokens"
    }

    func validate() throws(WorkerError) {
        try require(
            evaluation != nil || target != nil, .evaluation, "is missing, and so is \"target\"; name one of them")
        try require((1...4096).contains(maxNewTokens ?? 1), .maxNewTokens, "must be between 1 and 4096")
        try require(target?.margin == nil, .target, "has a \"margin\", which only guards have")
        for suite in (target.map { [$0] } ?? []) + (guards ?? []) { try suite.validate() }
    }
}

/// Prompts on which a gate compares two checkpoints: of a dataset, or generated for this gate alone.
struct GateSuite: Decodable, Sendable {
    let name: String
    let source: Source
    /// The share that a guard must be shown not to lose.
    let margin: Double?

    enum Source: Sendable {
        case dataset(String, split: String, limit: Int?, perLevel: Int?)
        case generated(Generation)
    }

    /// Problems of the built-in generator's test split, which no training data holds; they are stored nowhere.
    struct Generation: Decodable, Sendable {
        /// The gate job's number if left out, so that every gate asks new questions and a retry the same.
        let seed: UInt64?
        let levels: [Int]
        let count: Int

        fileprivate enum CodingKeys: String, CodingKey, CaseIterable {
            case seed, levels, count
        }

        init(from decoder: any Decoder) throws {
            try decoder.refuseStrangers(CodingKeys.self)
            let container = try decoder.container(keyedBy: CodingKeys.self)
            seed = try container.decodeIfPresent(UInt64.self, forKey: .seed)
            levels = try container.decodeIfPresent([Int].self, forKey: .levels) ?? [2, 3]
            count =
                try container.decodeIfPresent(Int.self, forKey: .count) ?? PairedComparison.defaultPromptCount
        }
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, dataset, split, limit, generate, margin
        case perLevel = "per_level"
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseStrangers(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let generation = try container.decodeIfPresent(Generation.self, forKey: .generate)
        let dataset = try container.decodeIfPresent(String.self, forKey: .dataset)
        let usual: String
        switch (dataset, generation) {
        case (let dataset?, nil):
            let split = try container.decodeIfPresent(String.self, forKey: .split) ?? "test"
            source = .dataset(
                dataset, split: split, limit: try container.decodeIfPresent(Int.self, forKey: .limit),
                perLevel: try container.decodeIfPresent(Int.self, forKey: .perLevel))
            usual = "\(dataset) \(split)"
        case (nil, let generation?):
            source = .generated(generation)
            usual = "generated level \(generation.levels.map(String.init).joined(separator: ", "))"
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .dataset, in: container, debugDescription: "or \"generate\" must be there, and not both")
        }
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? usual
        margin = try container.decodeIfPresent(Double.self, forKey: .margin)
    }

    func validate() throws(WorkerError) {
        func require(_ holds: Bool, _ key: String, _ fault: String) throws(WorkerError) {
            if !holds { throw .payload(key: key, fault: "of suite \"\(name)\" \(fault)") }
        }
        if let margin {
            try require(margin > 0 && margin < 1, "margin", "must lie between 0 and 1; 0.015 is 1.5 points")
        }
        switch source {
        case .dataset(_, _, let limit, let perLevel):
            try require((limit ?? 1) > 0, "limit", "must be at least 1")
            try require((perLevel ?? 1) > 0, "per_level", "must be at least 1")
        case .generated(let generation):
            try require((1...1_000_000).contains(generation.count), "count", "must be between 1 and 1000000")
            try require(!generation.levels.isEmpty, "levels", "is empty")
        }
    }
}
