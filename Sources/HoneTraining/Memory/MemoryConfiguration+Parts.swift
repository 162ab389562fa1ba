internal import Foundation

extension MemoryConfiguration.SelfAnswers {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case weight, temperature
        case initialShare = "initial_share"
        case riseShare = "rise_share"
        case tokensPerStep = "tokens_per_step"
        case maximumAnswerTokens = "maximum_answer_tokens"
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.weight, into: &weight)
        try settings.read(.initialShare, into: &initialShare)
        try settings.read(.riseShare, into: &riseShare)
        try settings.read(.tokensPerStep, into: &tokensPerStep)
        try settings.read(.maximumAnswerTokens, into: &maximumAnswerTokens)
        try settings.read(.temperature, into: &temperature)
    }

    func validate() throws(TrainingError) {
        try requirePositive(weight, "memory.self_answers.weight")
        try requireAtLeastOne(tokensPerStep, "memory.self_answers.tokens_per_step")
        try requireAtLeastOne(maximumAnswerTokens, "memory.self_answers.maximum_answer_tokens")
        for (key, share) in [("initial_share", initialShare), ("rise_share", riseShare)]
        where !(0...1).contains(share) {
            throw .configuration(
                key: "memory.self_answers.\(key)", reason: "must lie between 0 and 1, is \(share)")
        }
        guard temperature >= 0, temperature.isFinite else {
            throw .configuration(
                key: "memory.self_answers.temperature", reason: "must be 0 or above, is \(temperature)")
        }
    }
}

extension MemoryConfiguration.Replay {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case weight
        case tokensPerStep = "tokens_per_step"
        case hardShare = "hard_share"
        case hardCopies = "hard_copies"
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.weight, into: &weight)
        try settings.read(.tokensPerStep, into: &tokensPerStep)
        try settings.read(.hardShare, into: &hardShare)
        try settings.read(.hardCopies, into: &hardCopies)
    }

    func validate() throws(TrainingError) {
        try requirePositive(weight, "memory.replay.weight")
        try requireAtLeastOne(tokensPerStep, "memory.replay.tokens_per_step")
        try requireAtLeastOne(hardCopies, "memory.replay.hard_copies")
        guard (0...1).contains(hardShare) else {
            throw .configuration(
                key: "memory.replay.hard_share", reason: "must lie between 0 and 1, is \(hardShare)")
        }
    }
}

extension MemoryConfiguration.Elastic {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case strength
        case sampleCount = "samples"
        case maximumAnswerTokens = "maximum_answer_tokens"
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.strength, into: &strength)
        try settings.read(.sampleCount, into: &sampleCount)
        try settings.read(.maximumAnswerTokens, into: &maximumAnswerTokens)
    }

    func validate() throws(TrainingError) {
        try requirePositive(strength, "memory.elastic.strength")
        try requireAtLeastOne(sampleCount, "memory.elastic.samples")
        try requireAtLeastOne(maximumAnswerTokens, "memory.elastic.maximum_answer_tokens")
    }
}

extension MemoryConfiguration.Honeypots {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case exampleCount = "examples"
        case interval
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.exampleCount, into: &exampleCount)
        try settings.read(.interval, into: &interval)
    }

    func validate() throws(TrainingError) {
        try requireAtLeastOne(exampleCount, "memory.honeypots.examples")
        try requireAtLeastOne(interval, "memory.honeypots.interval")
    }
}

extension MemoryConfiguration.Averaging {
    /// `{"decay": 0.99}` or `{"share": 0.5}`.
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case decay, share
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        let decay = try settings.decodeIfPresent(Double.self, forKey: .decay)
        let share = try settings.decodeIfPresent(Double.self, forKey: .share)
        switch (decay, share) {
        case (let decay?, nil): self = .exponential(decay: decay)
        case (nil, let share?): self = .interpolation(share: share)
        default:
            throw TrainingError.configuration(
                key: "memory.averaging", reason: #"is {"decay": 0.99} or {"share": 0.5}, one of the two"#)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .exponential(let decay): try container.encode(decay, forKey: .decay)
        case .interpolation(let share): try container.encode(share, forKey: .share)
        }
    }

    func validate() throws(TrainingError) {
        switch self {
        case .exponential(let decay):
            guard decay > 0, decay < 1 else {
                throw .configuration(key: "memory.averaging.decay", reason: "must lie between 0 and 1, is \(decay)")
            }
        case .interpolation(let share):
            guard share > 0, share <= 1 else {
                throw .configuration(
                    key: "memory.averaging.share", reason: "must be above 0 and at most 1, is \(share)")
            }
        }
    }
}

private func requirePositive(_ value: Double, _ key: String) throws(TrainingError) {
    if !(value > 0 && value.isFinite) { throw .configuration(key: key, reason: "must be above 0, is \(value)") }
}

private func requireAtLeastOne(_ value: Int, _ key: String) throws(TrainingError) {
    if value < 1 { throw .configuration(key: key, reason: "must be at least 1, is \(value)") }
}
