public import HonePostgres

/// Checkpoints that must not be served until an operator releases them.
public enum Quarantines {
    /// Bars a checkpoint from being promoted.
    /// - Parameters:
    ///   - checkpoint: what is barred.
    ///   - model: whose checkpoint it is.
    ///   - reason: for people.
    ///   - decision: the gate's decision that blocked it; nil for an operator's word, which bars a rollback to it too.
    ///   - session: where it is recorded.
    /// - Throws: `PostgresError.server` with SQLSTATE `HN003` without a reason, or if it is not the model's.
    public static func add(
        _ checkpoint: Int64, of model: String, reason: String, decision: Int64? = nil, in session: some PostgresSession
    ) async throws {
        try await session.query(
            PostgresQuery("SELECT hone.quarantine(\(model), \(checkpoint), \(reason), \(decision))").named(
                "quarantine a checkpoint"))
    }

    /// Lifts every quarantine of a checkpoint; a gate must pass it as well before it is served.
    /// - Throws: `PostgresError.server` with SQLSTATE `HN005` if it is in none, `HN003` without a reason.
    public static func release(
        _ checkpoint: Int64, of model: String, reason: String, in session: some PostgresSession
    ) async throws {
        try await session.query(
            PostgresQuery("SELECT hone.release_checkpoint(\(model), \(checkpoint), \(reason))").named(
                "release a checkpoint"))
    }
}
