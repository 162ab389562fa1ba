internal import HoneModel

extension SFTConfiguration {
    private enum Key: String, CodingKey, CaseIterable {
        case steps
        case tokensPerBatch = "tokens_per_batch"
        case optimizer
        case learningRate = "learning_rate"
        case matrixLearningRate = "matrix_learning_rate"
        case momentum
        case warmUpSteps = "warm_up_steps"
        case schedule
        case finalLearningRateShare = "final_learning_rate_share"
        case weightDecay = "weight_decay"
        case beta1, beta2, epsilon
        case clipNorm = "clip_norm"
        case seed
        case checkpointInterval = "checkpoint_interval"
        case curriculum
        case levelSchedule = "level_schedule"
        case rareShapes = "rare_shapes"
        case threads, model, initialization
        case usesCalculator = "calculator"
        case layout, vocabulary, dropout
        case promptLoss = "prompt_loss"
        case memory, adapters
        case earlyExit = "early_exit"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.settings(Key.self)
        self.init(steps: try container.count(.steps))
        try container.read(.tokensPerBatch, into: &tokensPerBatch)
        try container.read(.optimizer, into: &optimizer)
        try container.read(.learningRate, into: &learningRate)
        try container.read(.matrixLearningRate, into: &matrixLearningRate)
        try container.read(.momentum, into: &momentum)
        try container.read(.warmUpSteps, into: &warmUpSteps)
        try container.read(.schedule, into: &schedule)
        try container.read(.finalLearningRateShare, into: &finalLearningRateShare)
        try container.read(.weightDecay, into: &weightDecay)
        try container.read(.beta1, into: &beta1)
        try container.read(.beta2, into: &beta2)
        try container.read(.epsilon, into: &epsilon)
        try container.read(.clipNorm, into: &clipNorm)
        try container.read(.seed, into: &seed)
        try container.read(.checkpointInterval, into: &checkpointInterval)
        try container.read(.curriculum, into: &curriculum)
        try container.readOptional(.levelSchedule, into: &levelSchedule)
        try container.readOptional(.rareShapes, into: &rareShapes)
        try container.read(.threads, into: &threads)
        try container.read(.initialization, into: &initialization)
        try container.read(.usesCalculator, into: &usesCalculator)
        memory = try container.decodeIfPresent(MemoryConfiguration.self, forKey: .memory)
        adapters = try container.decodeIfPresent(AdapterConfiguration.self, forKey: .adapters)
        if adapters != nil {
            _ = try container.superDecoder(forKey: .adapters).settings(AdapterConfiguration.CodingKeys.self)
        }
        try container.readOptional(.earlyExit, into: &earlyExit)
        try container.read(.layout, into: &layout)
        try container.read(.vocabulary, into: &vocabulary)
        try container.read(.dropout, into: &dropout)
        try container.read(.promptLoss, into: &promptLoss)
        model = try container.decodeIfPresent(ModelConfiguration.self, forKey: .model)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(steps, forKey: .steps)
        try container.encode(tokensPerBatch, forKey: .tokensPerBatch)
        try container.encode(optimizer, forKey: .optimizer)
        try container.encode(learningRate, forKey: .learningRate)
        try container.encode(matrixLearningRate, forKey: .matrixLearningRate)
        try container.encode(momentum, forKey: .momentum)
        try container.encode(warmUpSteps, forKey: .warmUpSteps)
        try container.encode(schedule, forKey: .schedule)
        try container.encode(finalLearningRateShare, forKey: .finalLearningRateShare)
        try container.encode(weightDecay, forKey: .weightDecay)
        try container.encode(beta1, forKey: .beta1)
        try container.encode(beta2, forKey: .beta2)
        try container.encode(epsilon, forKey: .epsilon)
        try container.encode(clipNorm, forKey: .clipNorm)
        try container.encode(seed, forKey: .seed)
        try container.encode(checkpointInterval, forKey: .checkpointInterval)
        try container.encode(curriculum, forKey: .curriculum)
        try container.encodeIfPresent(levelSchedule, forKey: .levelSchedule)
        try container.encodeIfPresent(rareShapes, forKey: .rareShapes)
        try container.encode(threads, forKey: .threads)
        try container.encode(initialization, forKey: .initialization)
        try container.encode(usesCalculator, forKey: .usesCalculator)
        try container.encode(layout, forKey: .layout)
        try container.encode(vocabulary, forKey: .vocabulary)
        try container.encode(dropout, forKey: .dropout)
        try container.encode(promptLoss, forKey: .promptLoss)
        try container.encodeIfPresent(model, forKey: .model)
        try container.encodeIfPresent(memory, forKey: .memory)
        try container.encodeIfPresent(adapters, forKey: .adapters)
        try container.encodeIfPresent(earlyExit, forKey: .earlyExit)
    }

    /// Throws for a setting that cannot be meant, naming its key.
    public func validate() throws(TrainingError) {
        func require(_ holds: Bool, _ key: Key, _ reason: String) throws(TrainingError) {
            if !holds { throw .configuration(key: key.rawValue, reason: reason) }
        }
        try require(steps > 0, .steps, "must be at least 1, is \(steps)")
        try require(tokensPerBatch > 0, .tokensPerBatch, "must be at least 1, is \(tokensPerBatch)")
        try require(learningRate > 0 && learningRate.isFinite, .learningRate, "must be above 0, is \(learningRate)")
        try require(
            matrixLearningRate > 0 && matrixLearningRate.isFinite, .matrixLearningRate,
            "must be above 0, is \(matrixLearningRate)")
        try require((0..<1).contains(momentum), .momentum, "must lie in 0..<1, is \(momentum)")
        try require(warmUpSteps >= 0, .warmUpSteps, "must not be negative, is \(warmUpSteps)")
        try require(
            (0...1).contains(finalLearningRateShare), .finalLearningRateShare,
            "must lie between 0 and 1, is \(finalLearningRateShare)")
        try require(weightDecay >= 0, .weightDecay, "must not be negative, is \(weightDecay)")
        try require((0..<1).contains(beta1), .beta1, "must lie in 0..<1, is \(beta1)")
        try require((0..<1).contains(beta2), .beta2, "must lie in 0..<1, is \(beta2)")
        try require(epsilon > 0, .epsilon, "must be above 0, is \(epsilon)")
        try require(clipNorm >= 0, .clipNorm, "must not be negative, is \(clipNorm)")
        try require(checkpointInterval >= 0, .checkpointInterval, "must not be negative, is \(checkpointInterval)")
        try requireThreads(threads, Key.threads)
        try require((0..<1).contains(dropout), .dropout, "must lie in 0..<1, is \(dropout)")
        try require(promptLoss >= 0 && promptLoss.isFinite, .promptLoss, "must not be negative, is \(promptLoss)")
        try require(
            [.steps, .equation].contains(layout), .layout, "can be steps or equation, is \(layout.rawValue)")
        try require(
            vocabulary == .bytes || model != nil, .vocabulary, "is learned, and the run starts from another model")
        try require(
            curriculum.allSatisfy { (1...greatestCount).contains($0.steps) }, .curriculum,
            "every phase must last 1 to \(greatestCount) steps")
        try require(
            curriculum.isEmpty || levelSchedule == nil, .levelSchedule, "is given, and so is curriculum; give one")
        try levelSchedule?.validate()
        try require(
            rareShapes == nil || levelSchedule == nil, .rareShapes,
            "is given, and so is level_schedule, which draws in its own way; give one")
        try rareShapes?.validate()
        try earlyExit?.validate(for: model)
        try validateMemory()
    }

    /// The learning rate of a step as a share of its peak.
    func learningRateShare(atStep step: Int) -> Double { optimization.learningRateShare(atStep: step, of: steps) }
}
