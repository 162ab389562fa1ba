import HonePostgres

/// What the database says of trainings under kills.
struct KillRecord: Sendable {
    let pool: PostgresPool

    struct GaveUp: Error, CustomStringConvertible {
        let description: String
    }

    /// The process that runs a job, among living ones; nil when the job has ended.
    func holder(of job: Int64, among pids: [Int32]) async throws -> Int32? {
        try await poll("job \(job) has no worker") {
            if try await isFinished(job) { return .some(nil) }
            let rows = try await pool.query(
                """
                SELECT w.pid FROM hone.task_leases l JOIN hone.workers w ON w.id = l.worker_id
                WHERE l.job_id = \(job) AND w.pid = ANY (\(pids)) AND w.stopped_at IS NULL
                """)
            return try rows.first.map { try $0.decode("pid", as: Int32.self) }
        }
    }

    /// Whether something of the job comes to wait for the lock; not so when the job ends before.
    func waitsForLock(_ key: Int64, job: Int64) async throws -> Bool {
        try await poll("nothing waits for lock \(key)") {
            if try await isFinished(job) { return false }
            return try await waiters(for: key).isEmpty ? nil : true
        }
    }

    /// Ends the sessions that wait for the lock.
    func endWaiters(for key: Int64) async throws {
        for pid in try await waiters(for: key) { try await pool.query("SELECT pg_terminate_backend(\(pid), 5000)") }
    }

    func waitForSuccess(of job: Int64) async throws {
        let error: String? = try await poll("job \(job) does not end") {
            let row = try await pool.query("SELECT state, error FROM hone.job_status WHERE id = \(job)")[0]
            switch try row.decode("state", as: String.self) {
            case "succeeded": return .some(nil)
            case "failed", "cancelled": return try row.decode("error", as: String?.self) ?? "it was cancelled"
            default: return nil
            }
        }
        if let error { throw GaveUp(description: "job \(job) failed: \(error)") }
    }

    func reachedStep(of job: Int64) async throws -> Int {
        try await one("SELECT coalesce(max(ordinal), 0) FROM hone.job_checkpoints WHERE job_id = \(job)")
    }

    func checkpoint(of job: Int64) async throws -> Int64 {
        try await one("SELECT id FROM hone.checkpoints WHERE job_id = \(job)")
    }

    func seconds(of job: Int64) async throws -> Double {
        try await one(
            "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM hone.attempts WHERE job_id = \(job)")
    }

    /// How a training that was killed differs from one that was not.
    func differences(between job: Int64, and whole: Int64) async throws -> [String] {
        let files = try await pool.query(
            """
            WITH files AS (
                SELECT c.job_id, f.path, f.sha256 FROM hone.checkpoints c
                JOIN hone.checkpoint_files f ON f.checkpoint_id = c.id)
            SELECT path FROM (SELECT * FROM files WHERE job_id = \(job)) a
            FULL JOIN (SELECT * FROM files WHERE job_id = \(whole)) b USING (path)
            WHERE a.sha256 IS DISTINCT FROM b.sha256
            """)
        let numbers: Int = try await one(
            """
            WITH numbers AS (SELECT job_id, step, name, value FROM hone.metrics WHERE name !~ 'second'),
                a AS (SELECT step, name, value FROM numbers WHERE job_id = \(job)),
                b AS (SELECT step, name, value FROM numbers WHERE job_id = \(whole))
            SELECT count(*) FROM ((SELECT * FROM a EXCEPT ALL SELECT * FROM b)
                UNION ALL (SELECT * FROM b EXCEPT ALL SELECT * FROM a)) d
            """)
        let checkpoints: Int = try await one("SELECT count(*) FROM hone.checkpoints WHERE job_id = \(job)")
        var found = try files.map { "another \(try $0.decode("path", as: String.self))" }
        if numbers > 0 { found.append("\(numbers) recorded numbers differ") }
        if checkpoints != 1 { found.append("\(checkpoints) checkpoints") }
        return found
    }

    func auditFaults() async throws -> [String] {
        try await pool.query("SELECT job_id FROM hone.audit()").map {
            "job \(try $0.decode("job_id", as: Int64.self)) is not in exactly one state"
        }
    }

    private func isFinished(_ job: Int64) async throws -> Bool {
        try await one("SELECT finished_at IS NOT NULL FROM hone.job_status WHERE id = \(job)")
    }

    private func waiters(for key: Int64) async throws -> [Int32] {
        try await pool.query(
            """
            SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                AND (classid::bigint << 32) | objid::bigint = \(key)
            """
        ).map { try $0.decode("pid", as: Int32.self) }
    }

    private func one<Value: PostgresDecodable>(_ query: PostgresQuery, as type: Value.Type = Value.self) async throws
        -> Value
    {
        try await pool.query(query)[0].decode(Value.self)
    }

    /// Asks again and again; a query that waits on the server would hold back what it waits for.
    private func poll<Value>(_ fault: String, _ ask: () async throws -> Value?) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            if let value = try await ask() { return value }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw GaveUp(description: fault)
    }
}
