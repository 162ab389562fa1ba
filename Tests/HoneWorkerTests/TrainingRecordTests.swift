import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

extension PostgresSession {
    /// Each of two trainings has every step once, and both saw the same numbers, bit for bit.
    func expectTheSameRecord(
        of job: Int64, and other: Int64, steps: Int, names: [String] = ["loss", "grad_norm"],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for id in [job, other] {
            let recorded: [Int32] = try await one(
                "SELECT array_agg(step ORDER BY step) FROM hone.step_metrics WHERE job_id = \(id)")
            #expect(recorded == (1...steps).map(Int32.init), sourceLocation: sourceLocation)
        }
        let differing = try await query(
            """
            SELECT step, name, value FROM hone.metrics WHERE job_id = \(job) AND name = ANY (\(names))
            EXCEPT SELECT step, name, value FROM hone.metrics WHERE job_id = \(other)
            """)
        #expect(differing.isEmpty, sourceLocation: sourceLocation)
    }
}

/// What a training leaves behind beside its checkpoint: its record, and the points from which it can go on.
@Suite(.temporaryDatabase) struct TrainingRecordTests {
    private let queue: JobQueue
    private let pool: PostgresPool
    private let worker: LocalWorker

    init() async throws {
        let database = try TemporaryDatabase.current
        pool = database.pool
        queue = JobQueue(pool)
        worker = LocalWorker(database)
        try await queue.enqueue("ingest", payload: PostgresJSON(text: TinyModel.ingest))
        try await worker.runUntilIdle()
    }

    private func train(steps: Int = 20, options: JobOptions = JobOptions()) async throws -> Int64 {
        let job = try await queue.enqueue(
            "train.sft", payload: PostgresJSON(text: TinyModel.training(steps: steps)), options: options)
        try await worker.runUntilIdle()
        return job
    }

    /// A training that failed when it wanted to leave its third resume point, so that it has those of steps 5 and 10.
    private func interruptedTraining() async throws -> Int64 {
        for statement in [
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = 'HN003'; END $$
            """,
            """
            CREATE TRIGGER refuse BEFORE INSERT ON hone.job_checkpoints
            FOR EACH ROW WHEN (NEW.ordinal = 15) EXECUTE FUNCTION refuse()
            """,
        ] {
            try await pool.execute(PostgresQuery(unsafeSQL: statement))
        }
        let job = try await train(options: JobOptions(maxAttempts: 1))
        try await pool.execute("DROP TRIGGER refuse ON hone.job_checkpoints")
        #expect(try await pool.one("SELECT state FROM hone.job_status WHERE id = \(job)") == "failed")
        #expect(try await points(of: job) == [5, 10])
        return job
    }

    private func points(of job: Int64) async throws -> [Int64] {
        try await pool.one("SELECT array_agg(ordinal ORDER BY ordinal) FROM hone.job_checkpoints WHERE job_id = \(job)")
    }

    /// The stored weights of a resume point.
    private func weights(of job: Int64, step: Int) async throws -> URL {
        let name: String = try await pool.one(
            """
            SELECT encode(artifact_sha256, 'hex') FROM hone.job_checkpoints WHERE job_id = \(job) AND ordinal = \(step)
            """)
        return worker.artifacts.appending(path: "\(name.prefix(2))/\(name)")
    }

    private func damage(_ file: URL) throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        let handle = try FileHandle(forUpdating: file)
        try handle.seek(toOffset: 200)
        try handle.write(contentsOf: Data([0xAA, 0x55, 0xAA, 0x55]))
        try handle.close()
    }

    private func retry(_ job: Int64) async throws -> String {
        #expect(try await queue.retry(job))
        try await worker.runUntilIdle()
        return try await pool.one("SELECT state FROM hone.job_status WHERE id = \(job)")
    }

    @Test func everyStepIsOnRecordOnceWithItsNumbers() async throws {
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let job = try await train(steps: 12)
        let rows = try await pool.query(
            """
            SELECT m.step, array_agg(m.name ORDER BY m.name) AS names, bool_and(m.value > 0) AS positive,
                bool_and(m.fence = r.fence AND m.at BETWEEN a.started_at AND a.finished_at) AS fits
            FROM hone.metrics m JOIN hone.task_results r USING (job_id) JOIN hone.attempts a USING (job_id)
            WHERE m.job_id = \(job) GROUP BY m.step ORDER BY m.step
            """)
        #expect(try rows.map { try $0.decode("step", as: Int32.self) } == Array(1...12))
        for row in rows {
            let names = ["grad_norm", "learning_rate", "loss", "seconds", "tokens", "tokens_per_second"]
            #expect(try row.decode("names", as: [String].self) == names)
            #expect(try row.decode("fits") == true)
        }
        let last: Double = try await pool.one(
            "SELECT value FROM hone.metrics WHERE job_id = \(job) AND step = 12 AND name = 'loss'")
        #expect(try await pool.one("SELECT (metrics ->> 'loss')::float8 FROM hone.checkpoints") == last)
    }

    @Test func aDamagedResumePointIsLeftForTheOneBefore() async throws {
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let job = try await interruptedTraining()
        try damage(try await weights(of: job, step: 10))
        #expect(try await retry(job) == "succeeded")
        let lines = try await pool.query("SELECT message FROM hone.job_logs WHERE job_id = \(job) ORDER BY id")
        let log = try lines.map { try $0.decode("message", as: String.self) }
        #expect(log.contains { $0.hasPrefix("the resume point of step 10 cannot be used: artifact") })
        #expect(log.contains { $0.hasPrefix("going on after step 5:") })
        // The one that it took up from is kept beside the two newest.
        #expect(try await points(of: job) == [5, 15, 20])
        let undisturbed = try await train()
        try await pool.expectTheSameRecord(of: job, and: undisturbed, steps: 20)
        #expect(
            try await pool.one(
                "SELECT count(DISTINCT sha256) FROM hone.checkpoint_files WHERE path = 'model.safetensors'") == 1)
    }

    @Test func withoutAWholeResumePointTheTrainingFailsAndLosesNothing() async throws {
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let job = try await interruptedTraining()
        let files = [try await weights(of: job, step: 10), try await weights(of: job, step: 5)]
        for file in files { try FileManager.default.moveItem(at: file, to: file.appendingPathExtension("away")) }
        #expect(try await retry(job) == "failed")
        let error: String = try await pool.one("SELECT error FROM hone.job_status WHERE id = \(job)")
        #expect(error.contains("is not in the store"))
        #expect(try await points(of: job) == [5, 10])
        for file in files { try FileManager.default.moveItem(at: file.appendingPathExtension("away"), to: file) }
        #expect(try await retry(job) == "succeeded")
        let undisturbed = try await train()
        try await pool.expectTheSameRecord(of: job, and: undisturbed, steps: 20)
    }

    @Test func theNumbersBeforeALossThatIsNoNumberAreOnRecord() async throws {
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let payload = TinyModel.training(steps: 200, checkpointEvery: 1000)
            .replacing(#""seed": 7"#, with: #""seed": 7, "learning_rate": 1e38, "matrix_learning_rate": 1e38"#)
        let job = try await queue.enqueue("train.sft", payload: PostgresJSON(text: payload))
        try await worker.runUntilIdle()
        let error: String = try await pool.one("SELECT error FROM hone.job_status WHERE id = \(job)")
        let recorded: Int64 = try await pool.one("SELECT max(step) FROM hone.step_metrics WHERE job_id = \(job)")
        #expect(error.contains("step \(recorded + 1)"), "\(error)")
        let first = try #require(error.firstMatch(of: #/on examples (\d+), /#)).1
        #expect(try await pool.one("SELECT count(*) FROM hone.examples WHERE id = \(try #require(Int64(first)))") == 1)
    }
}
