import HoneTraining

/// Trains a checkpoint on a freeze of preferences, without a reward model.
struct TrainDPOPayload: TrainingPayload {
    let freeze: String
    /// What the freeze must hold, where that matters.
    let freezeSHA256: String?
    let model: String
    private let start: Int64
    let configuration: DirectPreferenceConfiguration
    let checkpointEvery: Int?
    let keepResumePoints: Int?
    /// Leave out pairs that are longer than the model's context instead of refusing to train.
    let dropLong: Bool?

    var initialCheckpoint: Int64? { start }
    var source: FreezeSource { FreezeSource(name: freeze, sha256: freezeSHA256) }
    /// The implicit rewards are measured to it.
    var needsInitialToResume: Bool { true }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case freeze, model, configuration
        case freezeSHA256 = "freeze_sha256"
        case start = "initial_checkpoint"
        case checkpointEvery = "checkpoint_every"
        case keepResumePoints = "keep_resume_points"
        case dropLong = "drop_long"
    }

    func validate() throws(WorkerError) {
        try validateTraining()
    }
}
