import HoneTraining

/// Trains a reward model on a freeze: an outcome model on one of preferences, a process model on one of rated steps.
struct TrainRewardPayload: TrainingPayload {
    let freeze: String
    /// What the freeze must hold, where that matters.
    let freezeSHA256: String?
    let model: String
    private let start: Int64
    let configuration: RewardConfiguration
    let checkpointEvery: Int?
    let keepResumePoints: Int?
    /// The share of prompts that is only measured on; 0.1 if left out.
    let heldOutShare: Double?
    /// The share of prompts that the model's sureness is fitted to after the last step; nothing if left out.
    let calibrationShare: Double?
    /// Leave out answers that are longer than the model's context instead of refusing to train.
    let dropLong: Bool?

    var initialCheckpoint: Int64? { start }
    var trainsJudge: Bool { true }
    var shares: RewardData.Shares { .init(heldOut: heldOutShare ?? 0.1, calibration: calibrationShare ?? 0) }
    var source: FreezeSource { FreezeSource(name: freeze, sha256: freezeSHA256) }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case freeze, model, configuration
        case freezeSHA256 = "freeze_sha256"
        case start = "initial_checkpoint"
        case checkpointEvery = "checkpoint_every"
        case keepResumePoints = "keep_resume_points"
        case heldOutShare = "held_out_share"
        case calibrationShare = "calibration_share"
        case dropLong = "drop_long"
    }

    func validate() throws(WorkerError) {
        try validateTraining()
        try require(shares.heldOut > 0 && shares.heldOut < 1, .heldOutShare, "must lie between 0 and 1")
        try require(
            shares.calibration >= 0 && shares.heldOut + shares.calibration < 1, .calibrationShare,
            "must lie between 0 and what held_out_share leaves")
    }
}
