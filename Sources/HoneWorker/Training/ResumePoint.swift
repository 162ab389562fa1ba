import Foundation
import HoneArtifacts
import HoneCatalog
import HonePostgres
import HoneQueue

/// Where the next attempt of a training job takes up: a checkpoint of the job, whose files lie in the artifact store.
struct ResumePoint: Codable, Sendable, Equatable {
    /// Steps done.
    let step: Int
    /// What the last step measured that a checkpoint followed; empty before the first.
    let metrics: [String: Double]
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

extension ResumePoint {
    private enum FormerKeys: CodingKey {
        case loss
    }

    /// A worker of before `metrics` left the loss alone, and its jobs go on too.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        step = try container.decode(Int.self, forKey: .step)
        cut = try container.decode(DataCut.self, forKey: .cut)
        droppedCount = try container.decode(Int.self, forKey: .droppedCount)
        files = try container.decode([CheckpointFile].self, forKey: .files)
        let loss = try decoder.container(keyedBy: FormerKeys.self).decodeIfPresent(Double.self, forKey: .loss)
        metrics =
            try container.decodeIfPresent([String: Double].self, forKey: .metrics) ?? loss.map { ["loss": $0] } ?? [:]
    }
}
