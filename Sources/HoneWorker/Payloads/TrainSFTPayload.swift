import HoneCatalog
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
    /// Exactly these examples, as an `arrivals` stage gave them; all of the split that there are now if left out.
    let cut: DataCut?
    /// At most so many examples of what the initial checkpoint and its ancestors were trained on, for a configuration
    /// with a memory; 20,000 if left out.
    let remember: Int?

    /// The memory is measured to it, and adapters lie beside it.
    var needsInitialToResume: Bool { configuration.needsStart }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, split, model, configuration
        case checkpointEvery = "checkpoint_every"
        case keepResumePoints = "keep_resume_points"
        case initialCheckpoint = "initial_checkpoint"
        case dropLong = "drop_long"
        case cut, remember
    }

    var source: DatasetSource { DatasetSource(dataset: dataset, split: split ?? "train", cut: cut) }

    func validate() throws(WorkerError) {
        try validateTraining()
        try require(
            configuration.model != nil || initialCheckpoint != nil, .configuration,
            "has no \"model\", and there is no \"initial_checkpoint\" to start from")
        try require(
            initialCheckpoint != nil || !configuration.needsStart, .initialCheckpoint,
            "is missing, and a memory or adapters want one to start from")
        try require((remember ?? 1) > 0, .remember, "must be at least 1")
        try require(cut.map { $0.dataset == dataset } ?? true, .cut, "is of another dataset than \"dataset\"")
    }
}
