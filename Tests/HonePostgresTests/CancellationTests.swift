import HonePostgres
import HoneTesting
import Testing

@Suite(.emptyDatabase) struct CancellationTests {
    private let database: TemporaryDatabase

    init() throws {
        database = try TemporaryDatabase.current
    }

    private func count(_ query: PostgresQuery) async throws -> Int {
        try await #require(database.pool.query(query).first).decode(Int.self)
    }

    private func waitUntilABackendWaitsForALock() async throws {
        try await eventually("a backend waits for the lock") {
            try await count(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'
                """) == 1
        }
    }

    @Test func cancellingTheTaskStopsTheStatementOnTheServerAndKeepsTheConnection() async throws {
        let connection = try await PostgresConnection.connect(to: database.configuration)
        let pid = await connection.backendPID
        try await database.pool.withConnection { holder in
            try await holder.query("SELECT pg_advisory_lock(1)")
            let task = Task { try await connection.query("SELECT pg_advisory_lock(1)") }
            try await waitUntilABackendWaitsForALock()
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { _ = try await task.value }
            guard case .cancelled = error else {
                Issue.record("unexpected error \(String(describing: error))")
                return
            }
            let active: PostgresQuery = "SELECT count(*) FROM pg_stat_activity WHERE pid = \(pid) AND state = 'active'"
            #expect(try await count(active) == 0)
            // The same session goes on, and the cancellation does not hit its next statements.
            for _ in 0..<50 {
                let row = try await connection.query("SELECT pg_backend_pid()")
                #expect(try row.first?.decode(Int.self) == pid)
            }
            try await holder.query("SELECT pg_advisory_unlock(1)")
        }
        await connection.close()
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        let pool = database.pool
        try await pool.execute("CREATE TABLE t (id int)")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await pool.execute("INSERT INTO t VALUES (1)")
        }
        await #expect(throws: PostgresError.self) { try await task.value }
        #expect(try await count("SELECT count(*) FROM t") == 0)
    }

    @Test func cancellingATransactionRollsItBack() async throws {
        let pool = database.pool
        try await pool.execute("CREATE TABLE t (id int)")
        try await pool.withConnection { holder in
            try await holder.query("SELECT pg_advisory_lock(1)")
            let task = Task {
                try await pool.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1)")
                    try await transaction.query("SELECT pg_advisory_xact_lock(1)")
                }
            }
            try await waitUntilABackendWaitsForALock()
            task.cancel()
            await #expect(throws: PostgresError.self) { try await task.value }
            try await holder.query("SELECT pg_advisory_unlock(1)")
        }
        #expect(try await count("SELECT count(*) FROM t") == 0)
        let open = try await count(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state LIKE 'idle in transaction%'
            """)
        #expect(open == 0)
    }

    @Test func theServersStatementTimeoutIsNoCancellation() async throws {
        let url = database.configuration.connectionString
        let configuration = try PostgresConfiguration(url: url, statementTimeout: .milliseconds(50))
        let connection = try await PostgresConnection.connect(to: configuration)
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(60)") }
        #expect(error?.sqlState == .queryCanceled)
        await connection.close()
    }
}
