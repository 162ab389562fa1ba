import HoneTraining

/// A policy's training, with answers that it samples itself or that the fleet samples for it.
struct PolicyTraining: RunningTraining {
    let training: TrainingRun<PPOTrainer>
    /// Nil where the policy samples between two steps.
    let fleet: RolloutFleet?

    func run(
        below root: String, onStep: @Sendable (PPOStepReport) throws -> Void,
        onCheckpoint: @Sendable (_ directory: String) async throws -> Void
    ) async throws {
        guard let fleet else {
            return try await training.run(below: root, onStep: onStep, onCheckpoint: onCheckpoint)
        }
        let setting = try await fleet.open(training)
        try await training.run(
            checkpointsIn: root, advance: { try await fleet.advance($0, in: setting) }, onStep: onStep,
            onCheckpoint: { directory, _ in try await onCheckpoint(directory) })
    }

    func finish() async throws { try await fleet?.close() }

    func writeCheckpoint(to directory: String) async throws { try await training.writeCheckpoint(to: directory) }
}
