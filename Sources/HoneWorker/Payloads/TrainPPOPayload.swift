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
    private let sampled: RolloutSettings?
    let checkpointEvery: Int?
    let keepResumePoints: Int?
    /// Exactly these examples, as an `arrivals` stage gave them; all of the split that there are now if left out.
    let cut: DataCut?

    var initialCheckpoint: Int64? { start }
    var source: DatasetSource { DatasetSource(dataset: dataset, split: split ?? "train", cut: cut) }
    var reward: RewardSettings { judged ?? RewardSettings() }
    var rollouts: RolloutSettings { sampled ?? RolloutSettings() }
    var judges: [CheckpointJudge] { reward.judges }
    /// The divergence is measured to it.
    var needsInitialToResume: Bool { true }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, split, model, configuration
        case start = "initial_checkpoint"
        case judged = "reward"
        case sampled = "rollouts"
        case checkpointEvery = "checkpoint_every"
        case keepResumePoints = "keep_resume_points"
        case cut
    }

    var effective: PPOConfiguration { rollouts.applied(to: withResumePoints) }

    func validate() throws(WorkerError) {
        try validateTraining()
        try require(cut.map { $0.dataset == dataset } ?? true, .cut, "is of another dataset than \"dataset\"")
        if let fault = reward.fault { throw .payload(key: CodingKeys.judged.stringValue, fault: fault) }
        if let fault = rollouts.fault(in: configuration) {
            throw .payload(key: CodingKeys.sampled.stringValue, fault: fault)
        }
    }
}
