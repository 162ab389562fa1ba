public import Foundation
public import HoneDatasets
public import HonePostgres

/// A checkpoint, or one of its ancestors, with everything that led to it.
public struct LineageEntry: Sendable, Encodable {
    /// 0 is the checkpoint itself, 1 what its training started from and the reward models that judged it.
    public let generation: Int
    public let checkpoint: Int64
    public let model: String
    public let parent: Int64?
    public let step: Int64
    public let createdAt: Date
    public let config: JSONValue
    public let metrics: JSONValue
    /// What it was trained on; see `DataCut`.
    public let datasetCut: JSONValue?
    public let seed: Int64?
    /// SHA-256 of each file by its path.
    public let files: [String: String]
    public let job: Int64?
    public let payload: JSONValue?
    public let codeVersion: String?
    public let worker: String?
    public let workerCodeVersion: String?
    public let run: Int64?
    public let pipeline: String?
    public let pipelineHash: String?
    public let params: JSONValue?
    public let runCodeVersion: String?
    /// Labels, judges, evaluations, gate decisions, promotions, canaries and quarantines as objects with a `kind`,
    /// oldest first.
    public let events: [JSONValue]

    init(_ row: PostgresRow) throws {
        func json(_ column: String) throws -> JSONValue? {
            try row.decode(column, as: PostgresJSON?.self)?.decode()
        }
        generation = try row.decode("generation", as: Int.self)
        checkpoint = try row.decode("checkpoint_id")
        model = try row.decode("model")
        parent = try row.decode("parent_id")
        step = try row.decode("step")
        createdAt = try row.decode("created_at")
        config = try row.decode("config", as: PostgresJSON.self).decode()
        metrics = try row.decode("metrics", as: PostgresJSON.self).decode()
        datasetCut = try json("dataset_cut")
        seed = try row.decode("seed")
        files = try row.decode("files", as: PostgresJSON.self).decode()
        job = try row.decode("job_id")
        payload = try json("payload")
        codeVersion = try row.decode("code_version")
        worker = try row.decode("worker")
        workerCodeVersion = try row.decode("worker_code_version")
        run = try row.decode("run_id")
        pipeline = try row.decode("pipeline")
        pipelineHash = try row.decode("pipeline_hash")
        params = try json("params")
        runCodeVersion = try row.decode("run_code_version")
        events = try row.decode("events", as: PostgresJSON.self).decode()
    }
}

extension Checkpoints {
    /// A checkpoint and all that it descends from and was judged by, itself first; nothing if there is no such
    /// checkpoint.
    public static func lineage(
        of checkpoint: Int64, in session: some PostgresSession
    ) async throws -> [LineageEntry] {
        try await session.query(
            PostgresQuery("SELECT * FROM hone.lineage(\(checkpoint)) ORDER BY generation, checkpoint_id")
                .named("read a lineage")
        ).map(LineageEntry.init)
    }
}
