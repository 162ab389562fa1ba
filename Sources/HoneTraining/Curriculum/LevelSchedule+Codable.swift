extension LevelSchedule {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case rule, stages, replay
        case probeInterval = "probe_interval"
        case probeExamples = "probe_examples"
        case reWarmSteps = "re_warm_steps"
        case mastery, adaptive
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        rule = try settings.decode(Rule.self, forKey: .rule)
        stages = try settings.decode([[Int]].self, forKey: .stages)
        try settings.read(.replay, into: &replay)
        try settings.read(.probeInterval, into: &probeInterval)
        try settings.read(.probeExamples, into: &probeExamples)
        try settings.readOptional(.reWarmSteps, into: &reWarmSteps)
        try settings.read(.mastery, into: &mastery)
        try settings.read(.adaptive, into: &adaptive)
    }

    /// Throws for a setting that cannot be meant, naming its key.
    func validate() throws(TrainingError) {
        try require(!stages.isEmpty, CodingKeys.stages, "names no stage; [[1], [2], [3]] would be three")
        try require(
            stages.allSatisfy { !$0.isEmpty }, CodingKeys.stages, "every stage needs at least one level")
        try require((0..<1).contains(replay), CodingKeys.replay, "must lie in 0..<1, is \(replay)")
        try require(probeInterval > 0, CodingKeys.probeInterval, "must be at least 1, is \(probeInterval)")
        try require(probeExamples > 0, CodingKeys.probeExamples, "must be at least 1, is \(probeExamples)")
        try require(
            (reWarmSteps ?? 0) >= 0, CodingKeys.reWarmSteps, "must not be negative, is \(reWarmSteps ?? 0)")
        try mastery.validate()
        try adaptive.validate()
    }
}

extension LevelSchedule.Mastery {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case measure, threshold
        case stageStepLimit = "stage_step_limit"
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.measure, into: &measure)
        if measure == .loss { threshold = 0.1 }
        try settings.read(.threshold, into: &threshold)
        try settings.readOptional(.stageStepLimit, into: &stageStepLimit)
    }

    /// Whether a stage with these results is mastered.
    func isReached(by result: ProbeResult) -> Bool {
        switch measure {
        case .accuracy: result.accuracy >= threshold
        case .loss: result.loss <= threshold
        }
    }

    fileprivate func validate() throws(TrainingError) {
        switch measure {
        case .accuracy:
            try require(
                threshold > 0 && threshold <= 1, CodingKeys.threshold, "must lie above 0, up to 1, is \(threshold)")
        case .loss:
            try require(threshold > 0 && threshold.isFinite, CodingKeys.threshold, "must be above 0, is \(threshold)")
        }
        try require(
            (stageStepLimit ?? 1) > 0, CodingKeys.stageStepLimit, "must be at least 1, is \(stageStepLimit ?? 1)")
    }
}

extension LevelSchedule.Adaptive {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case target
        case stepSize = "step_size"
        case steepness
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.target, into: &target)
        try settings.read(.stepSize, into: &stepSize)
        try settings.read(.steepness, into: &steepness)
    }

    fileprivate func validate() throws(TrainingError) {
        try require(target > 0 && target < 1, CodingKeys.target, "must lie between 0 and 1, is \(target)")
        try require(stepSize > 0 && stepSize.isFinite, CodingKeys.stepSize, "must be above 0, is \(stepSize)")
        try require(steepness > 0 && steepness.isFinite, CodingKeys.steepness, "must be above 0, is \(steepness)")
    }
}
