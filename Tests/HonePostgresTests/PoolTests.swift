import HonePostgres
import HoneTesting
import Testing

@Suite(.emptyDatabase) struct PoolTests {
    private let configuration: PostgresConfiguration

    init() throws {
        configuration = try TemporaryDatabase.current.configuration
    }

    @Test func aHundredQueriesRunOverFourConnectionsAllAtWork() async throws {
        let pool = PostgresPool(configuration: configuration, limits: .init(maximum: 4))
        // Each call waits, on the server, until the other three of its round are there too.
        let schema = """
            CREATE SEQUENCE arrivals;
            CREATE FUNCTION meet() RETURNS int LANGUAGE plpgsql SET statement_timeout = '30s' AS $$
            DECLARE
                n int := nextval('arrivals');
            BEGIN
                WHILE (SELECT last_value FROM arrivals) < (n + 3) / 4 * 4 LOOP PERFORM pg_sleep(0.001); END LOOP;
                RETURN n;
            END $$;
            """
        try await pool.withConnection { try await $0.execute(script: schema, name: "meeting of four") }
        let arrivals = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 { group.addTask { try await pool.query("SELECT meet()")[0].decode(Int.self) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(arrivals.sorted() == Array(1...100))
        let sessions = try await pool.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hone'")
        #expect(try #require(sessions.first).decode(Int.self) == 4)
        pool.close()
    }

    @Test func killedSessionsAreReplacedWithoutAnErrorToTheNextCaller() async throws {
        let pool = PostgresPool(configuration: configuration, limits: .init(maximum: 3))
        for _ in 0..<5 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try await pool.query("SELECT pg_sleep(0.01)") } }
                try await group.waitForAll()
            }
            let other = try await PostgresConnection.connect(to: configuration)
            let killed = try await other.query(
                """
                SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
            #expect(!killed.isEmpty)
            await other.close()
            #expect(try await pool.query("SELECT 1").count == 1)
        }
        pool.close()
    }

    @Test func aSessionKilledAtWorkIsOneErrorAndThePoolHeals() async throws {
        let pool = PostgresPool(configuration: configuration, limits: .init(maximum: 1))
        let error = await #expect(throws: PostgresError.self) {
            try await pool.query("SELECT pg_terminate_backend(pg_backend_pid())")
        }
        guard case .connectionLost = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(try await pool.query("SELECT 1").count == 1)
        pool.close()
    }

    @Test func whoWaitsTooLongForAConnectionIsToldSo() async throws {
        var limits = PostgresPool.Limits(maximum: 1)
        limits.acquireTimeout = .milliseconds(20)
        let pool = PostgresPool(configuration: configuration, limits: limits)
        try await pool.withConnection { _ in
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            guard case .poolTimeout(1, .milliseconds(20)) = error else {
                Issue.record("unexpected error \(String(describing: error))")
                return
            }
        }
        #expect(try await pool.query("SELECT 1").count == 1)
        pool.close()
    }

    @Test func aWaiterThatIsCancelledLeavesTheLine() async throws {
        let pool = PostgresPool(configuration: configuration, limits: .init(maximum: 1))
        try await pool.withConnection { _ in
            let waiter = Task { try await pool.query("SELECT 1") }
            waiter.cancel()
            await #expect(throws: PostgresError.self) { _ = try await waiter.value }
        }
        #expect(try await pool.query("SELECT 1").count == 1)
        pool.close()
    }

    @Test func aConnectionGivenBackInATransactionIsNotLentAgain() async throws {
        let pool = PostgresPool(configuration: configuration, limits: .init(maximum: 1))
        let first = try await pool.withConnection { connection in
            try await connection.execute("BEGIN")
            return await connection.backendPID
        }
        let second = try await pool.withConnection { await $0.backendPID }
        #expect(first != second)
        pool.close()
    }

    @Test func aClosedPoolLendsNothing() async throws {
        let pool = PostgresPool(configuration: configuration)
        #expect(try await pool.query("SELECT 1").count == 1)
        pool.close()
        await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        let other = try await PostgresConnection.connect(to: configuration)
        try await eventually("its sessions end") {
            try await other.query(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).isEmpty
        }
        await other.close()
    }
}
