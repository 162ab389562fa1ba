import HoneCatalog
import HoneTraining

/// Lets a checkpoint answer the prompts of a dataset and learn from how the answers are judged.
struct TrainPPOPayload: TrainingPayload {
    let dataset: String
    let split: String?
    let model: String
    private let start: Int64
    let configuration: PPOConfiguration
    private let judged: RewardSettings?
    let checkpointEvery: Int?
    let keepResumePoints: Int?

    var initialCheckpoint: Int64? { start }
    var source: DatasetSource { DatasetSource(dataset: dataset, split: split ?? "train") }
    var reward: RewardSettings { judged ?? RewardSettings() }
    var judges: [CheckpointJudge] { reward.judges }
    /// The divergence is measured to it.
    var needsInitialToResume: Bool { true }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, split, model, configuration
        case start = "initial_checkpoint"
        case judged = "reward"
        case checkpointEvery = "checkpoint_every"
        case keepResumePoints = "keep_resume_points"
    }

    func validate() throws(WorkerError) {
        try validateTraining()
        if let fault = reward.fault { throw .payload(key: CodingKeys.judged.stringValue, fault: fault) }
    }
}
