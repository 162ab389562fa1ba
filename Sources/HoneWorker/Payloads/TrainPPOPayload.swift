import HoneTraining

/// Lets a checkpoint answer the prompts of a dataset and learn from which answers are right.
struct TrainPPOPayload: TrainingPayload {
    let dataset: String
    let split: String?
    let model: String
    private let start: Int64
    let configuration: PPOConfiguration
    let checkpointEvery: Int?
    let keepResumePoints: Int?

    var initialCheckpoint: Int64? { start }
    /// The divergence is measured to it.
    var needsInitialToResume: Bool { true }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, split, model, configuration
        case start = "initial_checkpoint"
        case checkpointEvery = "checkpoint_every"
        case keepResumePoints = "keep_resume_points"
    }

    func validate() throws(WorkerError) {
        try require((checkpointEvery ?? 1) > 0, .checkpointEvery, "must be at least 1")
        try require((keepResumePoints ?? 1) > 0, .keepResumePoints, "must be at least 1")
        do {
            try configuration.validate()
        } catch {
            throw .payload(key: CodingKeys.configuration.stringValue, fault: "cannot be run: \(error)")
        }
    }
}
