import HoneTraining

/// Trains a model on a split of a dataset.
struct TrainPayload: JobPayload {
    let dataset: String
    let split: String?
    /// The lineage that the new checkpoint joins.
    let model: String
    /// What the run does; see `SFTConfiguration`.
    let configuration: SFTConfiguration
    /// Steps between resumable checkpoints; takes the place of the configuration's.
    let checkpointEvery: Int?
    /// How many of them are kept, the newest ones, besides the one that an attempt took up from; 2 if left out.
    let keepResumePoints: Int?
    /// The checkpoint to start from; random weights if left out.
    let initialCheckpoint: Int64?
    /// Leave out examples that are longer than the model's context instead of refusing to train.
    let dropLong: Bool?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, split, model, configuration
        case checkpointEvery = "checkpoint_every"
        case keepResumePoints = "keep_resume_points"
        case initialCheckpoint = "initial_checkpoint"
        case dropLong = "drop_long"
    }

    func validate() throws(WorkerError) {
        try require((checkpointEvery ?? 1) > 0, .checkpointEvery, "must be at least 1")
        try require((keepResumePoints ?? 1) > 0, .keepResumePoints, "must be at least 1")
        try require(
            configuration.model != nil || initialCheckpoint != nil, .configuration,
            "has no \"model\", and there is no \"initial_checkpoint\" to start from")
    }

    /// The configuration as it is run.
    var effective: SFTConfiguration {
        var effective = configuration
        if let checkpointEvery { effective.checkpointInterval = checkpointEvery }
        return effective
    }
}
