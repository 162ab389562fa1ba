import Foundation
import HoneArtifacts
import HoneCatalog
import HonePostgres
import HoneQueue

/// Where the next attempt of a training job takes up: a checkpoint of the job, whose files lie in the artifact store.
struct ResumePoint: Codable, Sendable, Equatable {
    /// Steps done.
    let step: Int
    /// The loss of the last step that a checkpoint followed; nil before the first.
    let loss: Double?
    let cut: DataCut
    /// Examples that are left out because they are longer than the model's context.
    let droppedCount: Int
    /// Empty before the first step.
    let files: [CheckpointFile]

    private static let name = "train"

    /// The latest one of a job, nil if there is none.
    static func latest(of job: ClaimedJob, _ context: JobContext) async throws -> ResumePoint? {
        try await context.latestCheckpoint(named: name, for: job)?.state.decode(ResumePoint.self)
    }

    /// Records it in place of the one before.
    /// - Throws: `QueueError.leaseLost`.
    func record(for job: ClaimedJob, _ context: JobContext) async throws {
        let weights = files.first { $0.path == CheckpointFile.weights }.map { Data($0.artifact.sha256.bytes) }
        let checkpoint = JobCheckpoint(
            name: Self.name, ordinal: Int64(step), state: try PostgresJSON(encoding: self), artifactSHA256: weights)
        try await context.save(checkpoint, for: job)
    }
}
