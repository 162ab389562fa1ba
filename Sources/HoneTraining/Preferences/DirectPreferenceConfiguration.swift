/// What direct preference optimization does, in full: the same configuration, pairs, starting model and thread count
/// give the same weights, bit for bit.
///
/// As JSON (a `train.dpo` payload) every key is optional but `steps`; a key that is not known is an error.
public struct DirectPreferenceConfiguration: Codable, Sendable, Equatable {
    public enum Loss: String, Codable, Sendable, CaseIterable {
        case dpo, ipo
    }

    /// Optimizer steps of the whole run.
    public var steps: Int
    /// Upper limit of a batch, in tokens with padding, of both answers together.
    public var tokensPerBatch = 4096
    public var loss = Loss.dpo
    /// How dear it is to move away from the starting model.
    public var beta = 0.1
    /// The share of labels that are taken to be wrong; above 0 the loss is that of cDPO.
    public var labelSmoothing = 0.0
    public var optimizer = OptimizerConfiguration()
    /// Seeds the order of the pairs.
    public var seed: UInt64 = 0
    /// Steps between checkpoints; 0 writes only the last.
    public var checkpointInterval = 200
    /// Threads inside one operator. Part of the result: another count rounds differently.
    public var threads = 1

    public init(steps: Int) {
        self.steps = steps
        optimizer.learningRate = 5e-5
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case steps
        case tokensPerBatch = "tokens_per_batch"
        case loss, beta
        case labelSmoothing = "label_smoothing"
        case optimizer, seed
        case checkpointInterval = "checkpoint_interval"
        case threads
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init(steps: try settings.count(.steps))
        try settings.read(.tokensPerBatch, into: &tokensPerBatch)
        try settings.read(.loss, into: &loss)
        try settings.read(.beta, into: &beta)
        try settings.read(.labelSmoothing, into: &labelSmoothing)
        try settings.read(.optimizer, into: &optimizer)
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
        try require(beta > 0 && beta.isFinite, CodingKeys.beta, "must be above 0, is \(beta)")
        try require(
            (0..<0.5).contains(labelSmoothing), CodingKeys.labelSmoothing,
            "must lie between 0 and 0.5, is \(labelSmoothing)")
        try require(
            loss == .dpo || labelSmoothing == 0, CodingKeys.labelSmoothing, "belongs to the loss \"dpo\" alone")
        try require(
            checkpointInterval >= 0, CodingKeys.checkpointInterval, "must not be negative, is \(checkpointInterval)")
        try optimizer.validate()
    }

    var function: DirectPreferenceLoss {
        switch loss {
        case .dpo: .dpo(beta: beta, labelSmoothing: labelSmoothing)
        case .ipo: .ipo(beta: beta)
        }
    }
}
