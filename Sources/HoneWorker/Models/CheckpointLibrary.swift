import Foundation
public import HoneArtifacts
public import HoneInference
public import HonePostgres

/// The checkpoints of the catalog with their files in the artifact store.
public struct CheckpointLibrary: Sendable {
    private let session: any PostgresSession
    private let store: ArtifactStore

    public init(session: any PostgresSession, store: ArtifactStore) {
        self.session = session
        self.store = store
    }

    /// The files of a checkpoint.
    func files(of checkpoint: Int64) async throws -> [StoredFile] {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT f.path, f.sha256, a.byte_count
                FROM hone.checkpoint_files f JOIN hone.artifacts a USING (sha256)
                WHERE f.checkpoint_id = \(checkpoint) ORDER BY f.path
                """
            ).named("read a checkpoint's files"))
        guard !rows.isEmpty else {
            throw WorkerError.notFound(
                noun: "checkpoint", name: "\(checkpoint)", mend: "'hone model list' shows those that there are")
        }
        return try rows.map { row in
            let digest = ArtifactDigest(bytes: try row.decode("sha256", as: Data.self))
            guard let digest else { preconditionFailure("a checksum in the catalog is not 32 bytes") }
            let artifact = Artifact(sha256: digest, byteCount: try row.decode("byte_count"))
            return StoredFile(path: try row.decode("path"), artifact: artifact)
        }
    }

    /// Loads a checkpoint; every byte is checked against the catalog's checksums. `threads` work inside one operator.
    public func load(
        _ checkpoint: Int64, limits: GenerationLimits = GenerationLimits(), threads: Int
    ) async throws -> LoadedModel {
        let files = try await files(of: checkpoint).filter { StoredFile.servingFiles.contains($0.path) }
        for path in [StoredFile.weights, "config.json", "tokenizer.json"]
        where !files.contains(where: { $0.path == path }) {
            throw WorkerError.incompleteCheckpoint(id: checkpoint, path: path)
        }
        return try await ScratchDirectory.with("checkpoint-\(checkpoint)") { directory in
            try await store.lay(files, in: directory)
            return try await LoadedModel.load(
                directory: directory, checkpoint: checkpoint, limits: limits, threads: threads)
        }
    }

    /// The checkpoint that a model serves now; the name may be left out while exactly one model is served.
    public func active(_ model: String?) async throws -> (model: String, checkpoint: Int64) {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT model, checkpoint_id FROM hone.active_checkpoints
                WHERE model = coalesce(\(model), model) LIMIT 2
                """
            ).named("find the active checkpoint"))
        if rows.count == 1 { return try rows[0].decode(String.self, Int64.self) }
        guard let model else { throw WorkerError.modelNotNamed(activeCount: rows.count) }
        guard try await !session.query("SELECT FROM hone.models WHERE name = \(model)").isEmpty else {
            throw WorkerError.notFound(
                noun: "model", name: model, mend: "'hone model list' shows those that there are")
        }
        throw WorkerError.noActiveCheckpoint(model: model)
    }

    /// The checkpoint `NAME@CHECKPOINT`, or the active one of `NAME`, else its newest.
    public func find(_ model: String, checkpoint: Int64?) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT c.id FROM hone.checkpoints c JOIN hone.models m ON m.id = c.model_id
                LEFT JOIN hone.active_checkpoints a ON a.model = m.name AND a.checkpoint_id = c.id
                WHERE m.name = \(model) AND (\(checkpoint) IS NULL OR c.id = \(checkpoint))
                ORDER BY a.checkpoint_id NULLS LAST, c.id DESC LIMIT 1
                """
            ).named("find a checkpoint"))
        guard let row = rows.first else {
            throw WorkerError.notFound(
                noun: checkpoint == nil ? "model" : "checkpoint", name: checkpoint.map { "\(model)@\($0)" } ?? model,
                mend: "'hone model list' shows those that there are; a directory of a model serves too")
        }
        return try row.decode("id")
    }
}
