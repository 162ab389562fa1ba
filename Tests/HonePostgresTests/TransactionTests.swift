import HonePostgres
import HoneTesting
import Testing

@Suite(.emptyDatabase) struct TransactionTests {
    private let pool: PostgresPool

    init() throws {
        pool = try TemporaryDatabase.current.pool
    }

    private func count() async throws -> Int {
        try await #require(pool.query("SELECT count(*) FROM t").first).decode(Int.self)
    }

    @Test func anErrorRollsBackAndReachesTheCaller() async throws {
        struct Stop: Error {}
        try await pool.execute("CREATE TABLE t (id int)")
        await #expect(throws: Stop.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                throw Stop()
            }
        }
        #expect(try await count() == 0)
        try await pool.withTransaction { _ = try await $0.execute("INSERT INTO t VALUES (2)") }
        #expect(try await count() == 1)
    }

    @Test func aDroppedErrorDoesNotMakeTheCommitLookDone() async throws {
        try await pool.execute("CREATE TABLE t (id int)")
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                _ = try? await transaction.execute("SELECT 1 / 0")
            }
        }
        guard case .transactionAborted = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(try await count() == 0)
    }

    @Test func aLostReplyToCommitIsReportedAsUnknownThoughTheServerCommitted() async throws {
        try await pool.execute("CREATE TABLE t (id int)")
        // A standby that does not exist holds the reply back after the server has committed.
        try await pool.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try await pool.query("SELECT pg_reload_conf()")
        let pool = pool
        // Commits wait once the checkpointer has read the setting, which it does before a checkpoint.
        try await eventually("the setting is read") {
            let rows = try await pool.query("SELECT WHERE current_setting('synchronous_standby_names') = 'nobody'")
            return rows.count == 1
        }
        try await pool.execute("CHECKPOINT")
        let (sessions, session) = AsyncStream<Int>.makeStream()
        let task = Task {
            try await pool.withTransaction { transaction in
                try await transaction.execute("SET LOCAL synchronous_commit = on")
                try await transaction.execute("INSERT INTO t VALUES (1)")
                session.yield(await transaction.backendPID)
            }
        }
        for await pid in sessions {
            try await eventually("COMMIT waits for the standby") {
                let rows = try await pool.query(
                    "SELECT FROM pg_stat_activity WHERE pid = \(pid) AND wait_event = 'SyncRep'")
                return rows.count == 1
            }
            try await pool.query("SELECT pg_terminate_backend(\(Int32(pid)))")
            break
        }
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        try await pool.execute("ALTER SYSTEM RESET synchronous_standby_names")
        try await pool.query("SELECT pg_reload_conf()")
        expectUnknownOutcome(error)
        #expect(try await count() == 1)
    }

    @Test func aSessionThatDiesBeforeItCommitsIsReportedAsUnknownToo() async throws {
        let schema = """
            CREATE TABLE t (id int);
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION die();
            """
        try await pool.withConnection { try await $0.execute(script: schema, name: "a commit that kills") }
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { _ = try await $0.execute("INSERT INTO t VALUES (1)") }
        }
        expectUnknownOutcome(error)
        #expect(try await count() == 0)
    }

    private func expectUnknownOutcome(_ error: PostgresError?) {
        guard case .commitOutcomeUnknown = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
    }
}
