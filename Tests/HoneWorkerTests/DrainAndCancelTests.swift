import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

/// Stopping what runs: by a drain of the worker, and by cancelling the job.
@Suite(.temporaryDatabase) struct DrainAndCancelTests {
    private func environment(_ folder: URL) throws -> [String: String] {
        ["HONE_DATABASE_URL": try TemporaryDatabase.current.url, "HONE_ARTIFACTS": folder.path]
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hone-drain-\(UUID().uuidString)")
        try await body(folder)
        try FileManager.default.removeItem(at: folder)
    }

    @Test func aDrainedTrainingGoesOnWhereItStoppedWithTheSameBits() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await withFolder { folder in
            let queue = JobQueue(pool)
            try await queue.enqueue("ingest", payload: PostgresJSON(text: TinyModel.ingest))
            let payload = PostgresJSON(text: TinyModel.training(steps: 100, checkpointEvery: 40))
            let drained = try await queue.enqueue("train.sft", payload: payload, options: JobOptions(priority: 1))
            let undisturbed = try await queue.enqueue("train.sft", payload: payload, options: JobOptions(priority: 2))
            try await pool.holdBackCheckpoints(atSteps: [40])
            let first = try await pool.withTransaction { transaction in
                try await transaction.execute("SELECT pg_advisory_xact_lock(40)")
                let worker = try WorkerProcess(["work", "--log-level", "notice"], environment: environment(folder))
                try await pool.waitForHeldBackCheckpoint(ofStep: 40)
                worker.terminate()
                try await eventually("the worker drains") { worker.complaints.contains("draining") }
                return worker
            }
            #expect(await first.status == 0, "\(first.complaints)")
            #expect(try await pool.one("SELECT max(ordinal) FROM hone.job_checkpoints WHERE job_id = \(drained)") == 41)
            let left = try await pool.query("SELECT state, attempt FROM hone.job_status WHERE id = \(drained)")
            #expect(try left[0].decode("state", as: String.self) == "available")
            #expect(try left[0].decode("attempt", as: Int.self) == 0)
            let second = try WorkerProcess(
                ["work", "--drain", "--log-level", "warning"], environment: environment(folder))
            #expect(await second.status == 0, "\(second.complaints)")
            let weights = try await pool.query(
                """
                SELECT DISTINCT f.sha256 FROM hone.checkpoints c JOIN hone.checkpoint_files f ON f.checkpoint_id = c.id
                WHERE c.job_id IN (\(drained), \(undisturbed)) AND f.path = 'model.safetensors'
                """)
            #expect(weights.count == 1)
            #expect(try await pool.one("SELECT count(*) FROM hone.checkpoints") == 2)
            try await pool.expectTheSameRecord(of: drained, and: undisturbed, steps: 100)
        }
    }

    @Test func aCancelledTrainingAndACancelledPauseEndAtOnce() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await withFolder { folder in
            let queue = JobQueue(pool)
            try await queue.enqueue("ingest", payload: PostgresJSON(text: TinyModel.ingest))
            let training = try await queue.enqueue(
                "train.sft", payload: PostgresJSON(text: TinyModel.training(steps: 100_000, checkpointEvery: 20)),
                options: JobOptions(priority: 1))
            let pause = try await queue.enqueue("noop", payload: PostgresJSON(text: #"{"sleep_ms": 600000}"#))
            let worker = try WorkerProcess(
                ["work", "--concurrency", "2", "--log-level", "warning"], environment: environment(folder))
            try await pool.wait(until: "SELECT progress ? 'loss' FROM hone.job_status WHERE id = \(training)")
            try await pool.wait(until: "SELECT state = 'running' FROM hone.job_status WHERE id = \(pause)")
            for job in [training, pause] {
                #expect(try await queue.cancel(job))
                try await pool.wait(
                    until: "SELECT state = 'cancelled' FROM hone.job_status WHERE id = \(job)", seconds: 5)
            }
            worker.terminate()
            #expect(await worker.status == 0, "\(worker.complaints)")
            #expect(try await pool.one("SELECT count(*) FROM hone.checkpoints") == 0)
        }
    }

    /// Thousands of samples of the cancelled jobs, by a model wide enough, would keep the batch busy for minutes.
    @Test func aCancelledQuestionDoesNotHoldUpTheOthersOfItsBatch() async throws {
        let database = try TemporaryDatabase.current
        let pool = database.pool
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        _ = try await TinyModel.start(width: 512, in: pool)
        try await worker.runUntilIdle()
        let endless = PostgresJSON(text: #"{"prompt": "1+1=?", "samples": 256, "max_new_tokens": 200}"#)
        let jobs = try await JobQueue(pool).enqueue(
            "reason",
            payloads: [PostgresJSON(text: #"{"prompt": "1+1=?", "max_new_tokens": 6}"#)]
                + [PostgresJSON](repeating: endless, count: 100))
        let service = try worker.service(stopsWhenIdle: true)
        async let work: Void = service.run()
        try await pool.wait(
            until: "SELECT count(*) = 101 FROM hone.job_status WHERE kind = 'reason' AND state = 'running'")
        try await pool.query("SELECT hone.cancel(id) FROM unnest(\(Array(jobs.dropFirst()))) AS id")
        try await pool.wait(until: "SELECT state = 'succeeded' FROM hone.job_status WHERE id = \(jobs[0])", seconds: 20)
        try await work
        #expect(try await pool.one("SELECT count(*) FROM hone.samples WHERE job_id = ANY (\(jobs))") == 1)
        #expect(try await pool.one("SELECT count(*) FROM hone.job_status WHERE state = 'cancelled'") == 100)
    }
}
