/// What a reward model's training does, in full: the same configuration, examples and thread count give the same
/// weights, bit for bit.
///
/// As JSON (a `train.reward` payload) every key is optional but `steps`; a key that is not known is an error.
public struct RewardConfiguration: Codable, Sendable, Equatable {
    /// Optimizer steps of the whole run.
    public var steps: Int
    /// Upper limit of a batch, in tokens with padding.
    public var tokensPerBatch = 4096
    /// By default the rate falls to nothing: a second pass over the same judgements learns their errors.
    public var optimizer = OptimizerConfiguration()
    /// The weight of the pull of rewards towards zero; 0.01 keeps them centred.
    public var centring = 0.0
    /// What a unit of a pair's margin counts. A margin teaches how clear a favour is, and makes the model surer of
    /// itself than it is right; 0 leaves margins out.
    public var marginScale = 1.0
    /// Seeds the head and the order of the examples.
    public var seed: UInt64 = 0
    /// Steps between checkpoints; 0 writes only the last.
    public var checkpointInterval = 200
    /// Threads inside one operator. Part of the result: another count rounds differently.
    public var threads = 1

    public init(steps: Int) {
        self.steps = steps
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case steps
        case tokensPerBatch = "tokens_per_batch"
        case optimizer, centring
        case marginScale = "margin_scale"
        case seed
        case checkpointInterval = "checkpoint_interval"
        case threads
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init(steps: try settings.count(.steps))
        try settings.read(.tokensPerBatch, into: &tokensPerBatch)
        try settings.read(.optimizer, into: &optimizer)
        try settings.read(.centring, into: &centring)
        try settings.read(.marginScale, into: &marginScale)
        try settings.read(.seed, into: &seed)
        try settings.read(.checkpointInterval, into: &checkpointInterval)
        try settings.read(.threads, into: &threads)
    }

    /// Throws for a setting that cannot be meant, naming its key.
    public func validate() throws(TrainingError) {
        for (value, key) in [(steps, CodingKeys.steps), (tokensPerBatch, .tokensPerBatch)] {
            try require(value > 0, key, "must be at least 1, is \(value)")
        }
        try requireThreads(threads, CodingKeys.threads)
        try require(centring >= 0 && centring.isFinite, CodingKeys.centring, "must not be negative, is \(centring)")
        try require(
            marginScale >= 0 && marginScale.isFinite, CodingKeys.marginScale,
            "must not be negative, is \(marginScale)")
        try require(
            checkpointInterval >= 0, CodingKeys.checkpointInterval, "must not be negative, is \(checkpointInterval)")
        try optimizer.validate()
    }
}
