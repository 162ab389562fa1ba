import HoneCatalog
import HoneTraining

/// What every training job says: on which data, from which weights, into which lineage, and how.
protocol TrainingPayload: JobPayload {
    associatedtype Configuration: TrainingConfiguration
    associatedtype Source: TrainingSource

    /// The lineage that the new checkpoint joins.
    var model: String { get }
    var source: Source { get }
    /// The checkpoint to start from.
    var initialCheckpoint: Int64? { get }
    /// What the run does.
    var configuration: Configuration { get }
    /// The configuration as it is run.
    var effective: Configuration { get }
    /// Steps between resumable checkpoints; takes the place of the configuration's.
    var checkpointEvery: Int? { get }
    /// How many of them are kept, the newest ones, besides the one that an attempt took up from; 2 if left out.
    var keepResumePoints: Int? { get }
    /// Whether going on takes the weights that the run started from, besides those of its last checkpoint.
    var needsInitialToResume: Bool { get }
    /// The reward models that give the rewards.
    var judges: [CheckpointJudge] { get }
    /// Whether it makes a reward model, which may go on from one.
    var trainsJudge: Bool { get }
}

extension TrainingPayload {
    var needsInitialToResume: Bool { false }
    var judges: [CheckpointJudge] { [] }
    var trainsJudge: Bool { false }

    /// Refuses a name that no model can have, resume points that are never left or never kept, and a configuration that
    /// cannot be run.
    func validateTraining() throws(WorkerError) {
        if !CatalogName.isValid(model) { throw .payload(key: "model", fault: "is '\(model)'; it \(CatalogName.rule)") }
        let counts = [(checkpointEvery, "checkpoint_every"), (keepResumePoints, "keep_resume_points")]
        for (count, key) in counts where (count ?? 1) < 1 {
            throw .payload(key: key, fault: "must be at least 1")
        }
        do {
            try effective.validate()
        } catch {
            throw .payload(key: "configuration", fault: "cannot be run: \(error)")
        }
    }

    var effective: Configuration { withResumePoints }

    /// The configuration with the payload's resume points.
    var withResumePoints: Configuration {
        var effective = configuration
        if let checkpointEvery { effective.checkpointInterval = checkpointEvery }
        return effective
    }
}

/// What the settings of all trainings have in common.
protocol TrainingConfiguration: Codable, Sendable {
    var steps: Int { get }
    var seed: UInt64 { get }
    var checkpointInterval: Int { get set }

    func validate() throws(TrainingError)
}

extension SFTConfiguration: TrainingConfiguration {}
extension PPOConfiguration: TrainingConfiguration {}
extension RewardConfiguration: TrainingConfiguration {}
extension DirectPreferenceConfiguration: TrainingConfiguration {}
