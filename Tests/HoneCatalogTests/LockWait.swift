import HonePostgres
import Testing

/// Returns when a session of this database waits for a lock; fails after ten seconds.
func waitUntilSomeoneWaitsForALock(_ pool: PostgresPool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        let rows = try await pool.query(
            """
            SELECT count(*) AS waiting FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE NOT l.granted AND d.datname = current_database()
            """)
        if try rows[0].decode("waiting", as: Int.self) > 0 { return }
        try await pool.execute("SELECT pg_sleep(0.005)")
    }
    Issue.record("nobody waited for a lock within ten seconds")
}
