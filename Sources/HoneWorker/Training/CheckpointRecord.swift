import Foundation
import HoneArtifacts
import HonePostgres
import HoneQueue

/// A finished checkpoint on its way into the catalog.
struct CheckpointRecord: Sendable {
    let model: String
    let parent: Int64?
    let step: Int
    let config: PostgresJSON
    let metrics: PostgresJSON
    let cut: DataCut
    let seed: UInt64
    let files: [StoredFile]
    let codeVersion: String

    /// Adds the checkpoint with its files; part of the transaction that completes `job`.
    /// - Returns: The checkpoint's id.
    func insert(for job: ClaimedJob, in transaction: PostgresConnection) async throws -> Int64 {
        try await transaction.execute("INSERT INTO hone.models (name) VALUES (\(model)) ON CONFLICT (name) DO NOTHING")
        let rows = try await transaction.query(
            PostgresQuery(
                """
                INSERT INTO hone.checkpoints
                    (model_id, parent_id, step, config, metrics, job_id, fence, run_id, code_version, dataset_cut, seed)
                SELECT m.id, \(parent), \(step), \(config), \(metrics), \(job.id), \(job.fence), \(job.runID),
                    \(codeVersion), \(try PostgresJSON(encoding: cut)), \(Int64(bitPattern: seed))
                FROM hone.models m WHERE m.name = \(model)
                RETURNING id
                """
            ).named("add a checkpoint"))
        let id = try rows[0].decode("id", as: Int64.self)
        for file in files { try await insert(file, of: id, in: transaction) }
        return id
    }

    private func insert(_ file: StoredFile, of checkpoint: Int64, in transaction: PostgresConnection) async throws {
        let sha256 = Data(file.artifact.sha256.bytes)
        try await transaction.execute(
            PostgresQuery(
                """
                INSERT INTO hone.artifacts (sha256, byte_count, media_type)
                VALUES (\(sha256), \(file.artifact.byteCount), \(file.mediaType)) ON CONFLICT (sha256) DO NOTHING
                """
            ).named("add an artifact"))
        try await transaction.execute(
            PostgresQuery(
                """
                INSERT INTO hone.checkpoint_files (checkpoint_id, path, sha256)
                VALUES (\(checkpoint), \(file.path), \(sha256))
                """
            ).named("add a checkpoint's file"))
    }
}
