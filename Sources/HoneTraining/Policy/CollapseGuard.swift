/// What a run may do before it stops itself; nil switches a watch off.
public struct CollapseLimits: Codable, Sendable, Equatable {
    /// Largest ratio of a token's probability to the one it was sampled with.
    public var ratio: Double? = 100
    /// Nats of a whole answer from the reference.
    public var divergence: Double? = 40
    /// Smallest entropy, as a share of the first step's.
    public var entropyShare: Double? = 0.02
    /// Answers longer than so many times the first step's, or shorter than this part of them.
    public var lengthFactor: Double? = 3
    /// Largest share of groups whose answers all have one score.
    public var zeroVarianceShare: Double? = 0.98
    /// How far the mean score may fall from its best, both as moving means over about eight steps.
    public var scoreDrop: Double? = 0.05
    /// How far the score of the probe's prompts may fall from its best. One probe is enough to stop a run: its prompts
    /// are always the same. The policy is then that of the best probe again.
    public var probeDrop: Double? = 0.03
    /// Steps in a row that a limit must be passed.
    public var patience = 3

    public init() {}

    /// - Parameter watching: Whether anything is watched; with false no limit is set.
    public init(watching: Bool) {
        if watching { return }
        (ratio, divergence, entropyShare, lengthFactor) = (nil, nil, nil, nil)
        (zeroVarianceShare, scoreDrop, probeDrop) = (nil, nil, nil)
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case ratio, divergence
        case entropyShare = "entropy_share"
        case lengthFactor = "length_factor"
        case zeroVarianceShare = "zero_variance_share"
        case scoreDrop = "score_drop"
        case probeDrop = "probe_drop"
        case patience
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init()
        try settings.readOptional(.ratio, into: &ratio)
        try settings.readOptional(.divergence, into: &divergence)
        try settings.readOptional(.entropyShare, into: &entropyShare)
        try settings.readOptional(.lengthFactor, into: &lengthFactor)
        try settings.readOptional(.zeroVarianceShare, into: &zeroVarianceShare)
        try settings.readOptional(.scoreDrop, into: &scoreDrop)
        try settings.readOptional(.probeDrop, into: &probeDrop)
        try settings.read(.patience, into: &patience)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        // Null, since a key that is left out means the default.
        try container.encode(ratio, forKey: .ratio)
        try container.encode(divergence, forKey: .divergence)
        try container.encode(entropyShare, forKey: .entropyShare)
        try container.encode(lengthFactor, forKey: .lengthFactor)
        try container.encode(zeroVarianceShare, forKey: .zeroVarianceShare)
        try container.encode(scoreDrop, forKey: .scoreDrop)
        try container.encode(probeDrop, forKey: .probeDrop)
        try container.encode(patience, forKey: .patience)
    }

    func validate() throws(TrainingError) {
        try require(patience > 0, CodingKeys.patience, "must be at least 1, is \(patience)")
        try require(lengthFactor ?? 2 > 1, CodingKeys.lengthFactor, "must be above 1, is \(lengthFactor ?? 0)")
        try require(ratio ?? 2 > 1, CodingKeys.ratio, "must be above 1, is \(ratio ?? 0)")
    }
}

/// Why a run stopped itself.
public struct StopCause: Codable, Sendable, Equatable, CustomStringConvertible {
    public enum Quantity: String, Codable, Sendable, CaseIterable {
        case ratio, divergence, entropy, length
        case zeroVariance = "zero_variance"
        case score, probe
    }

    public let quantity: Quantity
    public let value: Double
    public let limit: Double
    /// The step at which the limit was passed for the last time that was allowed.
    public let step: Int

    public var description: String {
        let value = (value * 1000).rounded() / 1000
        let what =
            switch quantity {
            case .ratio: "the ratio of a token's probability to the sampled one reached \(value), over \(limit)"
            case .divergence: "answers are \(value) nats from the reference, over \(limit)"
            case .entropy: "the entropy fell to \(value) of the first step's, under \(limit)"
            case .length: "answers are \(value) times as long as at first, outside 1/\(limit) to \(limit)"
            case .zeroVariance: "\(value) of the groups have one score for all answers, over \(limit)"
            case .score: "the mean score fell by \(value) from its best, over \(limit)"
            case .probe: "the score of the prompts that are kept out fell by \(value) from its best, over \(limit)"
            }
        return "stopped at step \(step): \(what)"
    }
}

/// Watches a run's reports for signs that the policy is breaking down. Part of the run's state.
struct CollapseGuard: Codable, Equatable {
    private var firstEntropy: Double?
    private var firstLength: Double?
    private var meanScore: Double?
    private var bestScore: Double?
    private(set) var bestProbe: Double?
    private var reportCount = 0
    /// Steps in a row that each limit has been passed.
    private var passed: [String: Int] = [:]

    /// Takes in a step's report and says whether the run shall stop.
    mutating func check(_ report: PPOStepReport, _ limits: CollapseLimits) -> StopCause? {
        reportCount += 1
        if let cause = checkProbe(report, limits) { return cause }
        let entropy = firstEntropy ?? report.entropy
        let length = firstLength ?? report.meanLength
        (firstEntropy, firstLength) = (entropy, length)
        let mean = meanScore.map { $0 + (report.score - $0) / 8 } ?? report.score
        meanScore = mean
        // The mean of the first few steps is mostly chance.
        if reportCount > 8 { bestScore = max(bestScore ?? mean, mean) }
        let growth = report.meanLength / max(length, 1e-9)
        var watches: [(StopCause.Quantity, value: Double, limit: Double?, isPassed: (Double) -> Bool)] = [
            (.ratio, report.maximumRatio, limits.ratio, { report.maximumRatio > $0 }),
            (.divergence, report.divergence, limits.divergence, { report.divergence > $0 }),
            (.entropy, report.entropy / entropy, limits.entropyShare, { report.entropy < $0 * entropy }),
            (.length, growth, limits.lengthFactor, { growth > $0 || growth < 1 / $0 }),
            (.zeroVariance, report.zeroVarianceShare, limits.zeroVarianceShare, { report.zeroVarianceShare > $0 }),
        ]
        if let bestScore { watches.append((.score, bestScore - mean, limits.scoreDrop, { bestScore - mean > $0 })) }
        for watch in watches {
            guard let limit = watch.limit else { continue }
            let count = watch.isPassed(limit) ? passed[watch.0.rawValue, default: 0] + 1 : 0
            passed[watch.0.rawValue] = count
            if count >= limits.patience {
                return StopCause(quantity: watch.0, value: watch.value, limit: limit, step: report.step)
            }
        }
        return nil
    }

    private mutating func checkProbe(_ report: PPOStepReport, _ limits: CollapseLimits) -> StopCause? {
        let seen = [bestProbe, report.probeAtStart, report.probe].compactMap(\.self)
        bestProbe = seen.max()
        guard let bestProbe, let now = report.probe, let limit = limits.probeDrop, bestProbe - now > limit else {
            return nil
        }
        return StopCause(quantity: .probe, value: bestProbe - now, limit: limit, step: report.step)
    }
}
