import HoneTraining

/// Trains a model on a split of a dataset.
struct TrainSFTPayload: TrainingPayload {
    let dataset: String
    let split: String?
    let model: String
    let configuration: SFTConfiguration
    let checkpointEvery: Int?
    let keepResumePoints: Int?
    /// Random weights if left out.
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

    var source: DatasetSource { DatasetSource(dataset: dataset, split: split ?? "train") }

    func validate() throws(WorkerError) {
        try require((checkpointEvery ?? 1) > 0, .checkpointEvery, "must be at least 1")
        try require((keepResumePoints ?? 1) > 0, .keepResumePoints, "must be at least 1")
        try require(
            configuration.model != nil || initialCheckpoint != nil, .configuration,
            "has no \"model\", and there is no \"initial_checkpoint\" to start from")
    }
}
