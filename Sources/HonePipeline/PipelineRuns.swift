public import Foundation
public import HoneDatasets
public import HonePostgres

/// The pipelines of a database and the runs of them.
///
/// Each call takes a session: give it a transaction's connection to make it part of that transaction.
public enum PipelineRuns {
    /// Stores a definition as the current one of its name.
    /// - Returns: The hash that names this version.
    @discardableResult
    public static func register(_ definition: PipelineDefinition, in session: some PostgresSession) async throws
        -> String
    {
        let json = try PostgresJSON(encoding: definition.json)
        let rows = try await session.query(
            PostgresQuery("SELECT hone.define_pipeline(\(json)) AS hash").named("define a pipeline"))
        return try rows[0].decode("hash")
    }

    /// Starts a run of a pipeline's current definition: one job for each stage.
    /// - Parameters:
    ///   - name: the pipeline.
    ///   - params: values for the pipeline's parameters; the others keep their defaults.
    ///   - codeVersion: which code starts it.
    ///   - session: where to start it.
    /// - Returns: The run's id.
    /// - Throws: `PostgresError.server` for an unknown pipeline or parameter.
    public static func start(
        _ name: String, params: [String: JSONValue] = [:], codeVersion: String, in session: some PostgresSession
    ) async throws -> Int64 {
        let json = try PostgresJSON(encoding: params)
        let rows = try await session.query(
            PostgresQuery("SELECT hone.run_pipeline(\(name), \(json), \(codeVersion)) AS run").named("run a pipeline"))
        return try rows[0].decode("run")
    }

    /// The current definitions, by name.
    public static func list(in session: some PostgresSession) async throws -> [PipelineSummary] {
        let rows = try await session.query(
            """
            SELECT p.name, p.hash, p.created_at, jsonb_array_length(p.definition -> 'stages') AS stages,
                p.definition ->> 'description' AS description,
                (SELECT count(*) FROM hone.runs r WHERE r.pipeline_hash = p.hash) AS runs
            FROM hone.pipelines p WHERE p.is_current ORDER BY p.name
            """)
        return try rows.map { row in
            PipelineSummary(
                name: try row.decode("name"), hash: try row.decode("hash"), createdAt: try row.decode("created_at"),
                stageCount: try row.decode("stages"), runCount: try row.decode("runs"),
                description: try row.decode("description"))
        }
    }

    /// Where a run stands.
    /// - Throws: `PipelineError.unknownRun`.
    public static func status(of run: Int64, in session: some PostgresSession) async throws -> RunStatus {
        let runs = try await session.query(
            """
            SELECT s.id, s.pipeline, s.pipeline_hash, s.params, s.state, s.code_version, s.created_at, s.finished_at,
                f.cause, f.due_at
            FROM hone.run_status s LEFT JOIN hone.schedule_firings f ON f.run_id = s.id WHERE s.id = \(run)
            """)
        guard let row = runs.first else { throw PipelineError.unknownRun(run) }
        let stages = try await session.query(
            """
            SELECT s.name, s.kind, s.job_id, j.state, j.attempt::bigint AS attempt, j.error, j.progress, j.started_at,
                j.finished_at
            FROM hone.stages s JOIN hone.job_status j ON j.id = s.job_id
            WHERE s.run_id = \(run) ORDER BY s.job_id
            """)
        return RunStatus(
            id: try row.decode("id"), pipeline: try row.decode("pipeline"), hash: try row.decode("pipeline_hash"),
            params: try row.decode("params", as: PostgresJSON.self).decode(), state: try row.decode("state"),
            codeVersion: try row.decode("code_version"), schedule: try row.decode("cause"),
            dueAt: try row.decode("due_at"), createdAt: try row.decode("created_at"),
            finishedAt: try row.decode("finished_at"), stages: try stages.map(StageStatus.init))
    }

    /// The latest runs, newest first.
    public static func latest(_ count: Int = 20, in session: some PostgresSession) async throws -> [RunStatus] {
        let rows = try await session.query("SELECT id FROM hone.runs ORDER BY id DESC LIMIT \(count)")
        var runs: [RunStatus] = []
        for row in rows { runs.append(try await status(of: row.decode("id"), in: session)) }
        return runs
    }
}

/// A pipeline's current definition in a line.
public struct PipelineSummary: Sendable, Encodable {
    public let name: String
    public let hash: String
    public let createdAt: Date
    public let stageCount: Int
    /// Runs of this version.
    public let runCount: Int
    public let description: String?
}

/// Where a run stands: its own state and each stage's.
public struct RunStatus: Sendable, Encodable {
    public let id: Int64
    public let pipeline: String
    /// Which version of the definition is being run.
    public let hash: String
    public let params: [String: JSONValue]
    /// pending, running, succeeded, failed or cancelled.
    public let state: String
    /// Of the program that started it; nil if plain SQL did.
    public let codeVersion: String?
    /// What made its schedule start it, cron or trigger; nil for a run that was started without.
    public let schedule: String?
    /// When it was due by its schedule.
    public let dueAt: Date?
    public let createdAt: Date
    public let finishedAt: Date?
    public let stages: [StageStatus]
}

/// Where one stage of a run stands.
public struct StageStatus: Sendable, Encodable {
    public let name: String
    public let kind: String
    public let job: Int64
    /// A job's state: waiting, available, running, …
    public let state: String
    public let attempt: Int
    public let error: String?
    /// What the worker last reported, such as step, loss and remaining time.
    public let progress: JSONValue?
    public let startedAt: Date?
    public let finishedAt: Date?

    fileprivate init(_ row: PostgresRow) throws {
        name = try row.decode("name")
        kind = try row.decode("kind")
        job = try row.decode("job_id")
        state = try row.decode("state")
        attempt = try row.decode("attempt")
        error = try row.decode("error")
        progress = try row.decode("progress", as: PostgresJSON?.self)?.decode()
        startedAt = try row.decode("started_at")
        finishedAt = try row.decode("finished_at")
    }
}
