public import HonePostgres

/// What a gate found when it compared a candidate with what is served.
public struct GateDecision: Sendable {
    let model: String
    let candidate: Int64
    let active: Int64?
    let passed: Bool
    let evidence: PostgresJSON
    let reason: String
    let job: Int64?
    /// What was asked for, as a JSON object.
    public var rule = PostgresJSON(text: "{}")
    public var codeVersion: String?

    /// - Parameters:
    ///   - model: whose checkpoints they are.
    ///   - candidate: what may be served or not.
    ///   - active: what the candidate was compared with; nil if nothing is served yet.
    ///   - passed: whether the gate opens.
    ///   - evidence: the measurements that decided.
    ///   - reason: one sentence for people.
    ///   - job: the gate's job.
    public init(
        model: String, candidate: Int64, active: Int64?, passed: Bool, evidence: PostgresJSON, reason: String,
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

/// What is served: gate decisions, promotions, canaries, rollbacks.
public enum Promotions {
    /// Records what a gate decided.
    /// - Returns: The decision's id.
    /// - Throws: `CatalogError.unknownModel`, or `PostgresError` if the candidate is not one of the model's.
    @discardableResult
    public static func record(_ decision: GateDecision, in session: some PostgresSession) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery(
                """
                INSERT INTO hone.gate_decisions (model_id, candidate_id, active_id, passed, evidence, reason, job_id,
                    rule, code_version)
                SELECT m.id, \(decision.candidate), \(decision.active), \(decision.passed), \(decision.evidence),
                    \(decision.reason), \(decision.job), \(decision.rule), \(decision.codeVersion)
                FROM hone.models m WHERE m.name = \(decision.model)
                RETURNING id
                """
            ).named("record a gate decision"))
        guard let row = rows.first else { throw CatalogError.unknownModel(decision.model) }
        return try row.decode("id")
    }

    /// Records a decision that fails its job, and puts the candidate in quarantine for its reason, under the lease of
    /// the attempt that it ends.
    public static func record(
        _ decision: GateDecision, ending attempt: JobAttempt, using pool: PostgresPool
    ) async throws {
        try await pool.withTransaction { transaction in
            try await transaction.query("SELECT hone.guard(\(attempt.job), \(attempt.fence))")
            let id = try await record(decision, in: transaction)
            try await Quarantines.add(
                decision.candidate, of: decision.model, reason: decision.reason, decision: id, in: transaction)
        }
    }

    /// Makes a checkpoint the active one.
    /// - Returns: The promotion's id; that of the earlier one if the checkpoint is active already.
    /// - Throws: `PostgresError.server` with SQLSTATE `HN007` if it is quarantined, or unless a gate passed it against
    ///   what is active now.
    @discardableResult
    public static func promote(
        _ checkpoint: Int64, of model: String, job: Int64? = nil, in session: some PostgresSession
    ) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery("SELECT hone.promote(\(model), \(checkpoint), \(job)) AS id").named("promote a checkpoint"))
        return try rows[0].decode("id")
    }

    /// Lets a checkpoint that passed its gate answer a share of the model's jobs, until a promotion or a rollback.
    /// - Returns: The canary's id.
    /// - Throws: `PostgresError.server` with SQLSTATE `HN007` unless a gate passed it against what is active now.
    @discardableResult
    public static func startCanary(
        _ checkpoint: Int64, of model: String, percent: Int, in session: some PostgresSession
    ) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery("SELECT hone.canary(\(model), \(checkpoint), \(Int32(percent))) AS id").named(
                "start a canary"))
        return try rows[0].decode("id")
    }

    /// Takes the last step back: ends the canary if there is one, else makes the checkpoint before the active one
    /// active again.
    /// - Returns: The checkpoint that is active now.
    /// - Throws: `PostgresError.server` with SQLSTATE `HN007` if there is none.
    @discardableResult
    public static func rollBack(_ model: String, in session: some PostgresSession) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery("SELECT hone.rollback(\(model)) AS id").named("roll back a model"))
        return try rows[0].decode("id")
    }
}
