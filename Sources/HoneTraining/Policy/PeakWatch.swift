/// Watches something that is measured and not learnt from, such as an exact verifier beside a reward model, and ends
/// the run where it falls: from there on the policy learns the reward model's errors (Gao et al. 2022,
/// arXiv:2210.10760). Where it only falls, the run ends with the weights that it began with.
public struct PeakWatch: Codable, Sendable, Equatable {
    /// The name of the judge's measure.
    public var measure = "verifier"
    /// How far its mean may fall from its best, as a share of the best.
    public var drop = 0.02
    /// Steps that a mean is taken over.
    public var window = 8
    /// Steps in a row that the limit must be passed.
    public var patience = 2

    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case measure, drop, window, patience
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init()
        try settings.read(.measure, into: &measure)
        try settings.read(.drop, into: &drop)
        try settings.read(.window, into: &window)
        try settings.read(.patience, into: &patience)
    }

    func validate() throws(TrainingError) {
        try require(drop > 0 && drop < 1, CodingKeys.drop, "must lie between 0 and 1, is \(drop)")
        try require(window > 0, CodingKeys.window, "must be at least 1, is \(window)")
        try require(patience > 0, CodingKeys.patience, "must be at least 1, is \(patience)")
        try require(!measure.isEmpty, CodingKeys.measure, "is empty")
    }
}

/// What a watch has seen so far. Part of the run's state.
struct PeakRecord: Codable, Equatable {
    enum Finding: Equatable {
        case best, lower, fallen
    }

    private var recent: [Double] = []
    private var passedCount = 0
    /// The best mean, and the step whose answers completed it.
    private(set) var best: Double?
    private(set) var bestStep = 0
    /// The mean of the last steps.
    private(set) var mean: Double?

    /// Takes in what was measured of a step's answers.
    ///
    /// A mean over a whole window speaks of the weights that wrote its last answers. The start, too, may be the peak:
    /// it counts by the mean of the first half of a window, in which the policy has not gone far.
    mutating func note(_ value: Double, ofStep step: Int, _ watch: PeakWatch) -> Finding {
        recent.append(value)
        if recent.count > watch.window { recent.removeFirst() }
        let now = recent.reduce(0, +) / Double(recent.count)
        mean = now
        if step <= max(1, watch.window / 2) {
            (best, bestStep) = (now, 1)
            return step == 1 ? .best : .lower
        }
        guard recent.count == watch.window else { return .lower }
        guard let best, now <= best else {
            (self.best, bestStep, passedCount) = (now, step, 0)
            return .best
        }
        passedCount = best - now > watch.drop * abs(best) ? passedCount + 1 : 0
        return passedCount >= watch.patience ? .fallen : .lower
    }
}
