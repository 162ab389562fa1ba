import Foundation
import HoneArtifacts
public import HonePostgres

/// Models and their checkpoints in the database.
///
/// Each call takes a session: what belongs to a job goes through the transaction that completes the job.
public enum Checkpoints {
    /// Records a checkpoint and its files; the model is made if it does not exist.
    /// - Returns: The checkpoint's id.
    public static func record(_ new: NewCheckpoint, in transaction: PostgresConnection) async throws -> Int64 {
        try await transaction.execute("INSERT INTO hone.models (name) VALUES (\(new.model)) ON CONFLICT DO NOTHING")
        let data = try new.data.map { try PostgresJSON(encoding: $0) }
        let freeze: Int64? = if case .freeze(let reference)? = new.data { reference.id } else { nil }
        let rows = try await transaction.query(
            PostgresQuery(
                """
                INSERT INTO hone.checkpoints (model_id, parent_id, step, config, metrics, job_id, fence, run_id,
                    code_version, dataset_cut, freeze_id, seed)
                SELECT m.id, \(new.parent), \(new.step), \(new.config), \(new.metrics), \(new.attempt?.job),
                    \(new.attempt?.fence), \(new.run), \(new.codeVersion), \(data),
                    \(freeze), \(new.seed.map { Int64(bitPattern: $0) })
                FROM hone.models m WHERE m.name = \(new.model)
                RETURNING id
                """
            ).named("record a checkpoint"))
        let id: Int64 = try rows[0].decode("id")
        try await record(new.files, of: id, in: transaction)
        for judge in new.judges {
            try await transaction.execute(
                PostgresQuery(
                    """
                    INSERT INTO hone.checkpoint_judges (checkpoint_id, judge_id, role)
                    VALUES (\(id), \(judge.checkpoint), \(judge.role.rawValue))
                    """
                ).named("record a judge"))
        }
        return id
    }

    private static func record(
        _ files: [CheckpointFile], of checkpoint: Int64, in transaction: PostgresConnection
    ) async throws {
        // In the order of the checksum, so that two recorders of the same files cannot wait for each other.
        let sorted = files.sorted { $0.artifact.sha256.hex < $1.artifact.sha256.hex }
        let digests = sorted.map { Data($0.artifact.sha256.bytes) }
        try await transaction.execute(
            PostgresQuery(
                """
                INSERT INTO hone.artifacts (sha256, byte_count, media_type)
                SELECT * FROM unnest(\(digests), \(sorted.map { Int64($0.artifact.byteCount) }),
                    \(sorted.map(\.mediaType))::text[])
                ON CONFLICT DO NOTHING
                """
            ).named("record artifacts"))
        try await transaction.execute(
            PostgresQuery(
                """
                INSERT INTO hone.checkpoint_files (checkpoint_id, path, sha256)
                SELECT \(checkpoint), * FROM unnest(\(sorted.map(\.path))::text[], \(digests))
                """
            ).named("record a checkpoint's files"))
    }

    // MARK: Finding

    /// The files of a checkpoint; none if there is no such checkpoint.
    public static func files(
        of checkpoint: Int64, in session: some PostgresSession
    ) async throws -> [CheckpointFile] {
        try await session.query(
            PostgresQuery(
                """
                SELECT f.path, f.sha256, a.byte_count
                FROM hone.checkpoint_files f JOIN hone.artifacts a USING (sha256)
                WHERE f.checkpoint_id = \(checkpoint) ORDER BY f.path
                """
            ).named("read a checkpoint's files")
        ).map(CheckpointFile.init)
    }

    /// What workers serve of a model, or of all models; at most two.
    public static func active(
        _ model: String?, in session: some PostgresSession
    ) async throws -> [ServedCheckpoint] {
        try await session.query(
            PostgresQuery(
                """
                SELECT model, checkpoint_id, canary_id, canary_percent FROM hone.active_checkpoints
                WHERE model = coalesce(\(model), model) LIMIT 2
                """
            ).named("find the active checkpoint")
        ).map(ServedCheckpoint.init)
    }

    /// The checkpoint that workers serve; nil if none was promoted yet.
    public static func activeID(of model: String, in session: some PostgresSession) async throws -> Int64? {
        try await active(model, in: session).first?.checkpoint
    }

    /// The checkpoint of a model by its id, else the active one, else the newest; nil if there is none.
    public static func find(
        _ checkpoint: Int64?, of model: String, in session: some PostgresSession
    ) async throws -> Int64? {
        try await session.query(
            PostgresQuery(
                """
                SELECT c.id FROM hone.checkpoints c JOIN hone.models m ON m.id = c.model_id
                LEFT JOIN hone.active_checkpoints a ON a.model = m.name AND a.checkpoint_id = c.id
                WHERE m.name = \(model) AND (\(checkpoint) IS NULL OR c.id = \(checkpoint))
                ORDER BY a.checkpoint_id NULLS LAST, c.id DESC LIMIT 1
                """
            ).named("find a checkpoint")
        ).first?.decode("id")
    }

    /// A model's checkpoints, newest first.
    /// - Throws: `CatalogError.unknownModel`.
    public static func list(
        of model: String, limit: Int, in session: some PostgresSession
    ) async throws -> [Checkpoint] {
        guard try await Models.exists(model, in: session) else { throw CatalogError.unknownModel(model) }
        return try await session.query(
            PostgresQuery(
                """
                SELECT c.id, c.parent_id, c.step, c.metrics, c.job_id, c.run_id, c.code_version, c.seed, c.created_at, (
                    SELECT q.reason FROM hone.quarantines q
                    WHERE q.checkpoint_id = c.id AND q.released_at IS NULL ORDER BY q.id DESC LIMIT 1) AS quarantine
                FROM hone.checkpoints c JOIN hone.models m ON m.id = c.model_id
                WHERE m.name = \(model) ORDER BY c.id DESC LIMIT \(limit)
                """
            ).named("list checkpoints")
        ).map(Checkpoint.init)
    }
}
