import HoneTraining

/// Where a training's roll-outs are sampled, and how old they may be.
struct RolloutSettings: Decodable, Sendable {
    enum Place: String, Decodable, Sendable, CaseIterable {
        /// The training's own, between two steps.
        case process
        /// Jobs of the queue, which any worker takes.
        case queue
    }

    let place: Place
    /// Steps that the policy of an answer may be behind the one that learns from it: so far ahead is sampled.
    let staleness: Int
    /// The largest weight of a token against the age of its answer.
    let importanceCap: Double?
    /// Answers of one job, at most, but whole groups.
    let answersPerJob: Int

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case place = "through"
        case staleness
        case importanceCap = "importance_cap"
        case answersPerJob = "answers_per_job"
    }

    /// Between two steps.
    init() {
        (place, staleness, importanceCap, answersPerJob) = (.process, 0, nil, 64)
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseStrangers(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        place = try container.decode(Place.self, forKey: .place)
        staleness = try container.decodeIfPresent(Int.self, forKey: .staleness) ?? 0
        importanceCap = try container.decodeIfPresent(Double.self, forKey: .importanceCap)
        answersPerJob = try container.decodeIfPresent(Int.self, forKey: .answersPerJob) ?? 64
    }

    /// What is wrong with it, and with it in this configuration; nil if nothing is.
    func fault(in configuration: PPOConfiguration) -> String? {
        if !(0...100).contains(staleness) { return "has a \"staleness\" outside 0 to 100" }
        if !(1...4096).contains(answersPerJob) { return "has \"answers_per_job\" outside 1 to 4096" }
        if let importanceCap, !(importanceCap > 0 && importanceCap.isFinite) {
            return "has an \"importance_cap\" that is not above 0"
        }
        if place == .process, staleness > 0 { return "samples in the process, where nothing is stale" }
        if staleness == 0, importanceCap != nil { return "has an \"importance_cap\", and nothing is stale" }
        if importanceCap != nil, configuration.importance != nil {
            return "has an \"importance_cap\", and the configuration an \"importance\" of its own"
        }
        if configuration.maximumStaleness != 0 {
            return "is where the bound is said, as \"staleness\", not \"maximum_staleness\" in the configuration"
        }
        if place == .queue, configuration.admission != nil {
            return "asks ahead, and \"admission\" chooses prompts by the answers of the same step"
        }
        return nil
    }

    /// The configuration as it is run with these roll-outs. Stale answers are always weighed.
    func applied(to configuration: PPOConfiguration) -> PPOConfiguration {
        guard place == .queue, staleness > 0 else { return configuration }
        var applied = configuration
        applied.maximumStaleness = staleness
        applied.importance = configuration.importance ?? ImportanceCorrection(upper: importanceCap ?? 2)
        return applied
    }
}
