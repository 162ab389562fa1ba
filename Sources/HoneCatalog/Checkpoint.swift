public import Foundation
public import HoneArtifacts
public import HoneDatasets
public import HonePostgres

/// One immutable state of a model, as the catalog records it.
public struct Checkpoint: Sendable {
    public let id: Int64
    /// The checkpoint that training started from.
    public let parent: Int64?
    /// Optimizer steps done in all.
    public let step: Int64
    public let metrics: JSONValue
    /// The job that made it; nil for an import.
    public let job: Int64?
    public let run: Int64?
    public let codeVersion: String?
    public let seed: Int64?
    /// Why it must not be served; nil if it is in no quarantine.
    public let quarantine: String?
    public let createdAt: Date

    init(_ row: PostgresRow) throws {
        id = try row.decode("id")
        parent = try row.decode("parent_id")
        step = try row.decode("step")
        metrics = try row.decode("metrics", as: PostgresJSON.self).decode()
        job = try row.decode("job_id")
        run = try row.decode("run_id")
        codeVersion = try row.decode("code_version")
        seed = try row.decode("seed")
        quarantine = try row.decode("quarantine")
        createdAt = try row.decode("created_at")
    }
}

/// A file of a checkpoint in the artifact store.
public struct CheckpointFile: Codable, Sendable, Hashable {
    /// Its name inside the checkpoint, for example `model.safetensors`.
    public let path: String
    public let artifact: Artifact

    public init(path: String, artifact: Artifact) {
        self.path = path
        self.artifact = artifact
    }

    init(_ row: PostgresRow) throws {
        guard let digest = ArtifactDigest(bytes: try row.decode("sha256", as: Data.self)) else {
            preconditionFailure("a checksum in the catalog is not 32 bytes")
        }
        self.init(
            path: try row.decode("path"), artifact: Artifact(sha256: digest, byteCount: try row.decode("byte_count")))
    }

    var mediaType: String {
        if path.hasSuffix(".json") { return "application/json" }
        return path.hasSuffix(".svg") ? "image/svg+xml" : "application/octet-stream"
    }
}

/// A checkpoint to be recorded; its files lie in the artifact store already.
public struct NewCheckpoint: Sendable {
    public var model: String
    public var step: Int
    public var config: PostgresJSON
    public var files: [CheckpointFile]
    public var parent: Int64?
    public var metrics = PostgresJSON(text: "{}")
    /// The attempt that made it; nil for an import.
    public var attempt: JobAttempt?
    public var run: Int64?
    public var codeVersion: String?
    /// What it was trained on.
    public var data: TrainingData?
    /// The reward models that gave its rewards.
    public var judges: [CheckpointJudge] = []
    public var seed: UInt64?

    public init(model: String, step: Int, config: PostgresJSON, files: [CheckpointFile]) {
        self.model = model
        self.step = step
        self.config = config
        self.files = files
    }
}

/// What answers a model's jobs: its active checkpoint, and beside it a canary for a share of them.
public struct ServedCheckpoint: Sendable, Hashable {
    public let model: String
    public let checkpoint: Int64
    public let canary: Canary?

    /// A candidate that answers some of the jobs.
    public struct Canary: Sendable, Hashable {
        public let checkpoint: Int64
        /// Of a hundred jobs.
        public let percent: Int
    }

    init(_ row: PostgresRow) throws {
        model = try row.decode("model")
        checkpoint = try row.decode("checkpoint_id")
        let percent = try row.decode("canary_percent", as: Int16?.self)
        canary = try row.decode("canary_id", as: Int64?.self).flatMap { id in
            percent.map { Canary(checkpoint: id, percent: Int($0)) }
        }
    }
}
