/// How much a transaction sees of those that commit beside it.
public enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension PostgresConnection {
    /// Runs `body` in a transaction, which is committed when it returns and rolled back when it throws.
    ///
    /// Once COMMIT is on its way, a cancellation of the task has no effect.
    /// - Throws: What `body` throws; ``PostgresError/commitOutcomeUnknown(reason:)`` when the connection breaks before
    ///   the reply to COMMIT, so that the caller must read back what is there.
    public nonisolated(nonsending) func withTransaction<Value>(
        _ isolation: PostgresIsolation = .readCommitted, _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await run(PostgresQuery(unsafeSQL: "BEGIN ISOLATION LEVEL \(isolation.rawValue)"))
        let value: Value
        do {
            value = try await body(self)
            if Task.isCancelled { throw PostgresError.cancelled(query: "COMMIT") }
        } catch {
            await rollBack()
            throw error
        }
        try await commit()
        return value
    }

    private func commit() async throws(PostgresError) {
        let result: LibPQResult
        do {
            result = try await run("COMMIT", isCancellable: false)
        } catch {
            if case .connectionLost(_, let reason) = error { throw .commitOutcomeUnknown(reason: reason) }
            throw error
        }
        guard result.commandTag == "COMMIT" else { throw .transactionAborted }
    }

    /// A connection that cannot roll back is closed, by which the server rolls back too.
    private func rollBack() async {
        do throws(PostgresError) {
            try await run("ROLLBACK", isCancellable: false)
        } catch {
            close()
        }
    }
}
