public import Foundation
public import HoneDatasets
public import HonePostgres

/// What a gate found when it compared a candidate with what is served.
public struct GateDecision: Sendable {
    public var model: String
    public var candidate: Int64
    /// What the candidate was compared with; nil if nothing is served yet.
    public var active: Int64?
    public var passed: Bool
    /// The measurements that decided.
    public var evidence: JSONValue
    /// One sentence for people.
    public var reason: String
    public var job: Int64?

    public init(
        model: String, candidate: Int64, active: Int64?, passed: Bool, evidence: JSONValue, reason: String,
        job: Int64? = nil
    ) {
        self.model = model
        self.candidate = candidate
        self.active = active
        self.passed = passed
        self.evidence = evidence
        self.reason = reason
        self.job = job
    }
}

/// One move of a model's active checkpoint.
public struct Promotion: Sendable, Encodable {
    public let id: Int64
    public let checkpoint: Int64
    public let previous: Int64?
    /// promote or rollback.
    public let kind: String
    /// The database user who did it.
    public let actor: String
    /// Why the gate let it pass; nil for a rollback.
    public let reason: String?
    public let at: Date
}

/// What is served: gate decisions, promotions, rollbacks.
public enum Promotions {
    /// Records what a gate decided.
    /// - Returns: The decision's id.
    @discardableResult
    public static func record(_ decision: GateDecision, in session: some PostgresSession) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery(
                """
                INSERT INTO hone.gate_decisions (model_id, candidate_id, active_id, passed, evidence, reason, job_id)
                SELECT m.id, \(decision.candidate), \(decision.active), \(decision.passed),
                    \(try PostgresJSON(encoding: decision.evidence)), \(decision.reason), \(decision.job)
                FROM hone.models m WHERE m.name = \(decision.model)
                RETURNING id
                """
            ).named("record a gate decision"))
        guard let row = rows.first else { throw CatalogError.unknownModel(decision.model) }
        return try row.decode("id")
    }

    /// Makes a checkpoint the active one.
    /// - Returns: The promotion's id; that of the earlier one if the checkpoint is active already.
    /// - Throws: `PostgresError.server` with SQLSTATE `HN007` unless a gate passed it against what is active now.
    @discardableResult
    public static func promote(
        _ checkpoint: Int64, of model: String, job: Int64? = nil, in session: some PostgresSession
    ) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery("SELECT hone.promote(\(model), \(checkpoint), \(job)) AS id").named("promote a checkpoint"))
        return try rows[0].decode("id")
    }

    /// Makes the checkpoint before the active one active again.
    /// - Returns: The checkpoint that is active now.
    /// - Throws: `PostgresError.server` with SQLSTATE `HN007` if there is none.
    @discardableResult
    public static func rollBack(_ model: String, in session: some PostgresSession) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery("SELECT hone.rollback(\(model)) AS id").named("roll back a model"))
        return try rows[0].decode("id")
    }

    /// Every move of a model's active checkpoint, newest first.
    public static func history(of model: String, in session: some PostgresSession) async throws -> [Promotion] {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT p.id, p.checkpoint_id, p.previous_id, p.kind, p.actor, d.reason, p.at
                FROM hone.promotions p JOIN hone.models m ON m.id = p.model_id
                LEFT JOIN hone.gate_decisions d ON d.id = p.decision_id
                WHERE m.name = \(model) ORDER BY p.id DESC
                """
            ).named("read promotions"))
        return try rows.map { row in
            Promotion(
                id: try row.decode("id"), checkpoint: try row.decode("checkpoint_id"),
                previous: try row.decode("previous_id"), kind: try row.decode("kind"), actor: try row.decode("actor"),
                reason: try row.decode("reason"), at: try row.decode("at"))
        }
    }
}
