public import Foundation
public import HonePostgres

/// The schedules of a database's pipelines.
public enum Schedules {
    /// All of them, by pipeline.
    public static func list(in session: some PostgresSession) async throws -> [ScheduleStatus] {
        try await session.query(
            PostgresQuery(
                """
                SELECT s.pipeline, s.cron, s.only_if::text AS only_if, s.next_at, s.paused_at, s.paused_by,
                    f.id, f.cause, f.due_at, f.missed, f.outcome, f.reason, f.run_id, f.at
                FROM hone.schedules s LEFT JOIN LATERAL (
                    SELECT * FROM hone.schedule_firings f WHERE f.pipeline = s.pipeline ORDER BY f.id DESC LIMIT 1
                ) f ON true
                ORDER BY s.pipeline
                """
            ).named("list schedules")
        ).map(ScheduleStatus.init)
    }

    /// Stops a schedule from firing; what runs goes on.
    /// - Throws: `PostgresError.server` for a pipeline without one.
    public static func pause(_ pipeline: String, in session: some PostgresSession) async throws {
        _ = try await session.query("SELECT hone.pause_schedule(\(pipeline))")
    }

    /// Lets a schedule fire again; what was due meanwhile is not made up for.
    /// - Returns: When it is due next.
    /// - Throws: `PostgresError.server` for a pipeline without one.
    public static func resume(_ pipeline: String, in session: some PostgresSession) async throws -> Date {
        try await session.query("SELECT hone.resume_schedule(\(pipeline)) AS next_at")[0].decode("next_at")
    }

    /// Starts a run now, whatever the schedule's condition says.
    /// - Throws: `PostgresError.server` for a pipeline without one.
    public static func trigger(
        _ pipeline: String, codeVersion: String, in session: some PostgresSession
    ) async throws -> ScheduleFiring {
        try ScheduleFiring(
            await session.query("SELECT * FROM hone.trigger_schedule(\(pipeline), \(codeVersion))")[0])
    }

    /// Starts what is due. However many call this, each due time is fired once.
    public static func fire(codeVersion: String, in session: some PostgresSession) async throws -> [ScheduleFiring] {
        try await session.query(
            PostgresQuery("SELECT * FROM hone.fire_schedules(\(codeVersion))").named("fire schedules")
        ).map(ScheduleFiring.init)
    }
}

/// Where a schedule stands.
public struct ScheduleStatus: Sendable, Encodable {
    public let pipeline: String
    public let cron: String
    /// As JSON.
    public let onlyIf: String
    public let nextAt: Date
    public let pausedAt: Date?
    public let pausedBy: String?
    public let last: ScheduleFiring?

    fileprivate init(_ row: PostgresRow) throws {
        pipeline = try row.decode("pipeline")
        cron = try row.decode("cron")
        onlyIf = try row.decode("only_if")
        nextAt = try row.decode("next_at")
        pausedAt = try row.decode("paused_at")
        pausedBy = try row.decode("paused_by")
        last = try row.decode("id", as: Int64?.self).map { _ in try ScheduleFiring(row) }
    }
}

/// What came of one due time, or of a trigger.
public struct ScheduleFiring: Sendable, Encodable {
    public let pipeline: String
    /// cron or trigger.
    public let cause: String
    public let dueAt: Date
    /// Earlier due times that this one stands for.
    public let missed: Int
    /// started, skipped or failed.
    public let outcome: String
    public let reason: String
    public let run: Int64?
    public let at: Date

    fileprivate init(_ row: PostgresRow) throws {
        pipeline = try row.decode("pipeline")
        cause = try row.decode("cause")
        dueAt = try row.decode("due_at")
        missed = try row.decode("missed")
        outcome = try row.decode("outcome")
        reason = try row.decode("reason")
        run = try row.decode("run_id")
        at = try row.decode("at")
    }
}
