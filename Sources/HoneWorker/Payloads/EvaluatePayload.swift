/// Measures a checkpoint, or the active one of a model, on a split of a dataset.
struct EvaluatePayload: JobPayload {
    let checkpoint: Int64?
    let model: String?
    let dataset: String
    let split: String?
    /// At most so many examples, the earliest ones.
    let limit: Int?
    /// At most so many examples of each level, the earliest ones.
    let perLevel: Int?
    let maxNewTokens: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case checkpoint, model, dataset, split, limit
        case perLevel = "per_level"
        case maxNewTokens = "max_new_tokens"
    }

    func validate() throws(WorkerError) {
        try require(checkpoint != nil || model != nil, .checkpoint, "is missing, and so is \"model\"; name one of them")
        try require((limit ?? 1) > 0, .limit, "must be at least 1")
        try require((perLevel ?? 1) > 0, .perLevel, "must be at least 1")
        try require((1...4096).contains(maxNewTokens ?? 1), .maxNewTokens, "must be between 1 and 4096")
    }
}
