/// What a router's training does, in full: the same configuration, outcomes and thread count give the same weights, bit
/// for bit.
///
/// As JSON (a `train.router` payload) every key is optional but `steps`; a key that is not known is an error.
public struct RouterConfiguration: Codable, Sendable, Equatable {
    /// Optimizer steps of the whole run.
    public var steps: Int
    /// Prompts of a step.
    public var batchSize = 256
    /// Inner numbers of a router that is made anew.
    public var width = 64
    /// What the deep path's computing counts beside an error, in the part of the loss that chooses.
    public var cost = 0.2
    /// How softly that part chooses: 0.1 tells two paths apart that differ by a tenth of an error.
    public var softness = 0.1
    /// What that part counts beside the likelihood of the outcomes.
    public var choiceWeight = 1.0
    /// Answers of a search.
    public var searchCount = 8
    /// Share of the prompts that is only measured on.
    public var heldOutShare = 0.2
    /// Share of the prompts that the probabilities are fitted to after the last step.
    public var calibrationShare = 0.2
    public var optimizer: OptimizerConfiguration = {
        var optimizer = OptimizerConfiguration()
        optimizer.learningRate = 3e-3
        optimizer.weightDecay = 0.1
        return optimizer
    }()
    /// Seeds the router, the order of the prompts, and which are held out.
    public var seed: UInt64 = 0
    /// Steps between checkpoints; 0 writes only the last.
    public var checkpointInterval = 0
    /// Threads inside one operator. Part of the result: another count rounds differently.
    public var threads = 1

    public init(steps: Int) {
        self.steps = steps
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case steps
        case batchSize = "batch_size"
        case width, cost, softness
        case choiceWeight = "choice_weight"
        case searchCount = "search_samples"
        case heldOutShare = "held_out_share"
        case calibrationShare = "calibration_share"
        case optimizer, seed
        case checkpointInterval = "checkpoint_interval"
        case threads
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init(steps: try settings.count(.steps))
        try settings.read(.batchSize, into: &batchSize)
        try settings.read(.width, into: &width)
        try settings.read(.cost, into: &cost)
        try settings.read(.softness, into: &softness)
        try settings.read(.choiceWeight, into: &choiceWeight)
        try settings.read(.searchCount, into: &searchCount)
        try settings.read(.heldOutShare, into: &heldOutShare)
        try settings.read(.calibrationShare, into: &calibrationShare)
        try settings.read(.optimizer, into: &optimizer)
        try settings.read(.seed, into: &seed)
        try settings.read(.checkpointInterval, into: &checkpointInterval)
        try settings.read(.threads, into: &threads)
    }

    /// Throws for a setting that cannot be meant, naming its key.
    public func validate() throws(TrainingError) {
        for (value, key) in [(steps, CodingKeys.steps), (batchSize, .batchSize), (width, .width)] {
            try require(value > 0, key, "must be at least 1, is \(value)")
        }
        try requireThreads(threads, CodingKeys.threads)
        for (value, key) in [(cost, CodingKeys.cost), (choiceWeight, .choiceWeight)] {
            try require(value >= 0 && value.isFinite, key, "must not be negative, is \(value)")
        }
        try require(softness > 0 && softness.isFinite, CodingKeys.softness, "must be above 0, is \(softness)")
        try require(searchCount > 1, CodingKeys.searchCount, "must be at least 2, is \(searchCount)")
        for (share, key) in [(heldOutShare, CodingKeys.heldOutShare), (calibrationShare, .calibrationShare)] {
            try require(share > 0 && share < 1, key, "must lie between 0 and 1, is \(share)")
        }
        try require(
            heldOutShare + calibrationShare < 1, CodingKeys.calibrationShare,
            "must leave prompts to learn from beside held_out_share \(heldOutShare), is \(calibrationShare)")
        try require(
            checkpointInterval >= 0, CodingKeys.checkpointInterval, "must not be negative, is \(checkpointInterval)")
        try optimizer.validate()
    }
}
