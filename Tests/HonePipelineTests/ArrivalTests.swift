import HonePipeline
import HonePostgres
import HoneTesting
import Testing

@Suite(.temporaryDatabase) struct ArrivalTests {
    @Test func everyExampleGoesToOneSuccessfulRun() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ScheduleTests.define("p", in: pool)
        try await ScheduleTests.ingest(["1", "2"], in: pool)
        let first = try await start(in: pool)
        #expect(try await take(first, in: pool) == ["1", "2"])
        try await ScheduleTests.ingest(["3"], in: pool)
        try await end(first, in: pool)
        let second = try await start(in: pool)
        #expect(try await take(second, in: pool) == ["3"])
        try await end(second, in: pool)
        let third = try await start(in: pool)
        let error = await #expect(throws: PostgresError.self) { try await take(third, in: pool) }
        #expect(error?.description.contains("nothing has arrived in split train of dataset d") == true)
    }

    @Test func whatAFailedRunTookTheNextOneTakes() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ScheduleTests.define("p", in: pool)
        try await ScheduleTests.ingest(["1"], in: pool)
        let first = try await start(in: pool)
        #expect(try await take(first, in: pool) == ["1"])
        try await pool.execute("SELECT hone.cancel(job_id) FROM hone.stages WHERE run_id = \(first)")
        try await ScheduleTests.ingest(["2"], in: pool)
        #expect(try await take(start(in: pool), in: pool) == ["1", "2"])
    }

    @Test func aSecondRunIsRefusedWhileTheFirstIsAtWork() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ScheduleTests.define("p", in: pool)
        try await ScheduleTests.ingest(["1"], in: pool)
        let runs = [try await start(in: pool), try await start(in: pool), try await start(in: pool)]
        let taken = await withTaskGroup(of: Bool.self) { group in
            for run in runs {
                group.addTask {
                    do {
                        _ = try await take(run, in: pool)
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(taken == 1)
    }

    /// Rows may be committed in another order than their ids were drawn in.
    @Test func aSmallerIdThatIsCommittedLaterIsNotSkipped() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ScheduleTests.define("p", in: pool)
        try await ScheduleTests.ingest(["1"], in: pool)
        let late = """
            INSERT INTO hone.examples (dataset_id, prompt, answer, content_hash)
            SELECT id, 'late', '1', sha256('late') FROM hone.datasets WHERE name = 'd'
            """
        let first = try await start(in: pool)
        try await pool.withTransaction { transaction in
            try await transaction.execute(PostgresQuery(unsafeSQL: late))
            try await ScheduleTests.ingest(["2"], in: pool)
            #expect(try await take(first, in: pool) == ["1", "2"])
        }
        try await end(first, in: pool)
        #expect(try await take(start(in: pool), in: pool) == ["late"])
    }

    @Test func driftShowsWhereArrivalsAreUnlikeWhatWasTaken() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ScheduleTests.define("p", in: pool)
        try await fill("generate_series(1, 400) i", prompt: "format('%s+%s=?', 10 + i % 90, 10 + i / 90)", in: pool)
        let first = try await start(in: pool)
        _ = try await take(first, in: pool)
        try await end(first, in: pool)
        try await pool.execute("SELECT hone.settle_arrivals('p')")
        try await fill("generate_series(1, 400) i", prompt: "format('%s+%s=?', 20 + i % 70, 20 + i / 70)", in: pool)
        let calm = try await drift(in: pool)
        #expect(calm.count == 3 && calm.values.allSatisfy { $0 < 0.1 })
        try await fill("generate_series(1, 400) i", prompt: "format('%s times %s', 1000 + i, i)", in: pool)
        let changed = try await drift(in: pool)
        #expect(try #require(changed["template"]) > 1)
        #expect(try #require(changed["digits"]) > 1)
    }
}

private func start(in pool: PostgresPool) async throws -> Int64 {
    try await PipelineRuns.start("p", codeVersion: "v1", in: pool)
}

/// The prompts that a run is given.
private func take(_ run: Int64, in session: some PostgresSession) async throws -> [String] {
    try await session.query(
        """
        SELECT e.prompt FROM hone.take_arrivals(\(run), 'd', 'train') cut
        JOIN hone.examples e ON e.id <@ (cut ->> 'ids')::int8multirange AND e.split = cut ->> 'split'
        ORDER BY e.id
        """
    ).map { try $0.decode("prompt") }
}

/// Does a run's only stage as a worker would.
private func end(_ run: Int64, in pool: PostgresPool) async throws {
    try await pool.execute(
        """
        SELECT hone.complete(ARRAY[c.job_id], ARRAY[c.fence], ARRAY['{}'::jsonb])
        FROM hone.register_worker('test', 'here', 1, 'dev', '{}') AS worker,
            hone.claim(worker, '{default}', '{noop}', '{1}', interval '1 minute') AS c
        WHERE c.run_id = \(run)
        """)
}

/// Adds an example for each row of `rows`, whose prompt is an expression over it.
private func fill(_ rows: String, prompt: String, in pool: PostgresPool) async throws {
    let statement = """
        SELECT hone.ingest('d', ARRAY(SELECT jsonb_build_object('prompt', \(prompt), 'answer', '1') FROM \(rows)))
        """
    try await pool.execute(PostgresQuery(unsafeSQL: statement))
}

private func drift(in pool: PostgresPool) async throws -> [String: Double] {
    let rows = try await pool.query("SELECT feature, psi FROM hone.drift('p', 'd')")
    return Dictionary(uniqueKeysWithValues: try rows.map { try $0.decode(String.self, Double.self) })
}
