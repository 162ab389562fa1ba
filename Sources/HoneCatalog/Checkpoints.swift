import Foundation
import HoneArtifacts
import HoneDatasets
public import HonePostgres

/// Models and their checkpoints in the database.
///
/// Each call takes a session: what belongs to a job goes through the transaction that completes the job.
public enum Checkpoints {
    /// Records a checkpoint and its files; the model is made if it does not exist.
    /// - Returns: The checkpoint's id.
    public static func record(_ new: NewCheckpoint, in connection: PostgresConnection) async throws -> Int64 {
        let model = try await modelID(new.model, in: connection)
        let cut = try new.cut.map { try PostgresJSON(encoding: $0) }
        let rows = try await connection.query(
            PostgresQuery(
                """
                INSERT INTO hone.checkpoints (model_id, parent_id, step, config, metrics, job_id, fence, run_id,
                    code_version, dataset_cut, seed)
                VALUES (\(model), \(new.parent), \(new.step), \(try PostgresJSON(encoding: new.config)),
                    \(try PostgresJSON(encoding: new.metrics)), \(new.attempt?.job), \(new.attempt?.fence),
                    \(new.run), \(new.codeVersion), \(cut), \(new.seed))
                RETURNING id
                """
            ).named("record a checkpoint"))
        let id: Int64 = try rows[0].decode("id")
        try await record(new.files, of: id, in: connection)
        return id
    }

    private static func modelID(_ name: String, in connection: PostgresConnection) async throws -> Int32 {
        try await connection.execute("INSERT INTO hone.models (name) VALUES (\(name)) ON CONFLICT DO NOTHING")
        let rows = try await connection.query("SELECT id FROM hone.models WHERE name = \(name)")
        return try rows[0].decode("id")
    }

    private static func record(
        _ files: [CheckpointFile], of checkpoint: Int64, in connection: PostgresConnection
    ) async throws {
        // In the order of the checksum, so that two recorders of the same files cannot wait for each other.
        let sorted = files.sorted { $0.artifact.sha256.hex < $1.artifact.sha256.hex }
        let digests = sorted.map { Data($0.artifact.sha256.bytes) }
        try await connection.execute(
            PostgresQuery(
                """
                INSERT INTO hone.artifacts (sha256, byte_count, media_type)
                SELECT * FROM unnest(\(digests), \(sorted.map { Int64($0.artifact.byteCount) }),
                    \(sorted.map(\.mediaType))::text[])
                ON CONFLICT DO NOTHING
                """
            ).named("record artifacts"))
        try await connection.execute(
            PostgresQuery(
                """
                INSERT INTO hone.checkpoint_files (checkpoint_id, path, sha256)
                SELECT \(checkpoint), * FROM unnest(\(sorted.map(\.path))::text[], \(digests))
                """
            ).named("record a checkpoint's files"))
    }

    // MARK: Finding

    /// A checkpoint by its id.
    /// - Throws: `CatalogError.unknownCheckpoint`.
    public static func find(_ id: Int64, in session: some PostgresSession) async throws -> Checkpoint {
        guard let found = try await load(ids: [id], in: session).first else {
            throw CatalogError.unknownCheckpoint("\(id)")
        }
        return found
    }

    /// The checkpoint that a user names.
    /// - Throws: `CatalogError` if there is no such model or checkpoint, or nothing is active.
    public static func find(
        _ reference: CheckpointReference, in session: some PostgresSession
    ) async throws -> Checkpoint {
        guard let id = reference.checkpoint else {
            if let active = try await active(of: reference.model, in: session) { return active }
            throw try await exists(reference.model, in: session)
                ? CatalogError.notActive(model: reference.model) : .unknownModel(reference.model)
        }
        let found = try await load(ids: [id], in: session).first
        guard let found, found.model == reference.model else {
            throw CatalogError.unknownCheckpoint("\(id) of model '\(reference.model)'")
        }
        return found
    }

    /// The checkpoint that workers serve; nil if none was promoted yet.
    public static func active(of model: String, in session: some PostgresSession) async throws -> Checkpoint? {
        guard let id = try await activeID(of: model, in: session) else { return nil }
        return try await find(id, in: session)
    }

    /// The id alone, for a worker that only asks whether its model is still the active one.
    public static func activeID(of model: String, in session: some PostgresSession) async throws -> Int64? {
        let rows = try await session.query(
            "SELECT checkpoint_id FROM hone.active_checkpoints WHERE model = \(model)")
        return try rows.first?.decode("checkpoint_id")
    }

    /// A model's checkpoints, newest first.
    /// - Throws: `CatalogError.unknownModel`.
    public static func list(
        of model: String, limit: Int = 100, in session: some PostgresSession
    ) async throws -> [Checkpoint] {
        guard try await exists(model, in: session) else { throw CatalogError.unknownModel(model) }
        let rows = try await session.query(
            """
            SELECT c.id FROM hone.checkpoints c JOIN hone.models m ON m.id = c.model_id
            WHERE m.name = \(model) ORDER BY c.id DESC LIMIT \(limit)
            """)
        return try await load(ids: rows.map { try $0.decode("id") }, in: session)
    }

    private static func exists(_ model: String, in session: some PostgresSession) async throws -> Bool {
        try await !session.query("SELECT FROM hone.models WHERE name = \(model)").isEmpty
    }

    private static func load(ids: [Int64], in session: some PostgresSession) async throws -> [Checkpoint] {
        let files = try await session.query(
            PostgresQuery(
                """
                SELECT f.checkpoint_id, f.path, f.sha256, a.byte_count
                FROM hone.checkpoint_files f JOIN hone.artifacts a ON a.sha256 = f.sha256
                WHERE f.checkpoint_id = ANY(\(ids)) ORDER BY f.path
                """
            ).named("read checkpoints' files"))
        let filesByCheckpoint = try Dictionary(grouping: files) { try $0.decode("checkpoint_id", as: Int64.self) }
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT c.id, m.name AS model, c.parent_id, c.step, c.config, c.metrics, c.job_id, c.run_id,
                    c.code_version, c.dataset_cut, c.seed, c.created_at
                FROM hone.checkpoints c JOIN hone.models m ON m.id = c.model_id
                WHERE c.id = ANY(\(ids)) ORDER BY c.id DESC
                """
            ).named("read checkpoints"))
        return try rows.map { row in
            try Checkpoint(row, files: filesByCheckpoint[row.decode("id", as: Int64.self)] ?? [])
        }
    }
}

extension Checkpoint {
    fileprivate init(_ row: PostgresRow, files: [PostgresRow]) throws {
        id = try row.decode("id")
        model = try row.decode("model")
        parent = try row.decode("parent_id")
        step = try row.decode("step")
        config = try row.decode("config", as: PostgresJSON.self).decode()
        metrics = try row.decode("metrics", as: PostgresJSON.self).decode()
        job = try row.decode("job_id")
        run = try row.decode("run_id")
        codeVersion = try row.decode("code_version")
        cut = try row.decode("dataset_cut", as: PostgresJSON?.self)?.decode()
        seed = try row.decode("seed")
        createdAt = try row.decode("created_at")
        self.files = try files.map(CheckpointFile.init)
    }
}

extension CheckpointFile {
    fileprivate init(_ row: PostgresRow) throws {
        guard let digest = ArtifactDigest(bytes: try row.decode("sha256", as: Data.self)) else {
            preconditionFailure("hone.artifacts holds only checksums of 32 bytes")
        }
        self.init(
            path: try row.decode("path"),
            artifact: Artifact(sha256: digest, byteCount: try row.decode("byte_count")))
    }
}
