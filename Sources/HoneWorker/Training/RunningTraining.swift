import HoneTraining

/// A training on a thread of its own, which can stop after any step.
protocol RunningTraining: Sendable {
    associatedtype Report: TrainingReport

    /// Runs to the end, or until `onStep` throws, and leaves checkpoints in directories below `root`.
    func run(
        below root: String, onStep: @Sendable (Report) throws -> Void,
        onCheckpoint: @Sendable (_ directory: String) async throws -> Void
    ) async throws
    /// Writes everything that going on from here needs.
    func writeCheckpoint(to directory: String) async throws
    /// Called once the last checkpoint is on record: what an attempt from before it would need can go.
    func finish() async throws
}

extension RunningTraining {
    func finish() async throws {}
}

/// A training is to stop, and does so between two steps.
struct StoppedBetweenSteps: Error {}

extension TrainingSession: RunningTraining {
    func run(
        below root: String, onStep: @Sendable (StepReport) throws -> Void,
        onCheckpoint: @Sendable (_ directory: String) async throws -> Void
    ) async throws {
        try await run(checkpointsIn: root, onStep: onStep) { try await onCheckpoint($0.directory) }
    }
}

extension TrainingRun: RunningTraining where Trainer.Report: TrainingReport {
    func run(
        below root: String, onStep: @Sendable (Trainer.Report) throws -> Void,
        onCheckpoint: @Sendable (_ directory: String) async throws -> Void
    ) async throws {
        try await run(checkpointsIn: root, onStep: onStep) { directory, _ in try await onCheckpoint(directory) }
    }
}
