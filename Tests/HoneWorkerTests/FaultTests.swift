import Foundation
import HoneEmbedded
import HoneMigrations
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

/// A private PostgreSQL, migrated, that a test may kill, and workers for it.
private struct FaultyFleet {
    let home: EmbeddedHome
    let pool: PostgresPool
    let environment: [String: String]
    private let port: Int

    init() async throws {
        home = EmbeddedHome(path: "/tmp/hone-fault-\(getpid())-\(UInt16.random(in: .min ... .max))")
        try Watchdog.start(removing: home)
        let server = try await EmbeddedPostgres.start(in: home)
        pool = PostgresPool(configuration: try PostgresConfiguration(url: server.url), limits: .init(maximum: 4))
        try await Migrator(Migration.hone, pool: pool).apply()
        port = try #require(URLComponents(string: server.url)?.port)
        environment = ["HONE_DATABASE_URL": server.url, "HONE_ARTIFACTS": home.path + "/artifacts"]
    }

    func startWorker() throws -> WorkerProcess {
        try WorkerProcess(["work", "--log-level", "warning"], environment: environment)
    }

    func drain() async throws {
        let worker = try WorkerProcess(["work", "--drain", "--log-level", "warning"], environment: environment)
        #expect(await worker.status == 0, "\(worker.complaints)")
    }

    /// kill -9 of the server's first process; the others follow it.
    func killServer() throws {
        let file = home.path + "/postgres/data/postmaster.pid"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let pid = try #require(text.split(separator: "\n").first.flatMap { pid_t($0) })
        kill(pid, SIGKILL)
    }

    /// On the same port; the processes of the killed one may hold it, and its memory, for a moment.
    func restartServer() async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do {
                _ = try await EmbeddedPostgres.start(in: home, port: port)
                return
            } catch let error as EmbeddedError {
                guard ContinuousClock.now < deadline else { throw error }
            }
        }
    }

    /// Holds back the commits of answers while `body` runs, so that a fast worker is still at it when `body` kills.
    func whileNoAnswerCanBeCommitted(_ body: (PostgresConnection) async throws -> Void) async throws {
        try await pool.withTransaction { transaction in
            try await transaction.execute("LOCK TABLE hone.samples IN SHARE MODE")
            try await body(transaction)
        }
    }

    /// Holds back the resume points of trainings while `body` runs, for the same reason.
    func whileNoResumePointCanBeKept(_ body: (PostgresConnection) async throws -> Void) async throws {
        try await pool.withTransaction { transaction in
            try await transaction.execute("LOCK TABLE hone.job_checkpoints IN SHARE MODE")
            try await body(transaction)
        }
    }

    /// Holds trainings back at the resume point of this step while `body` runs, however fast they are.
    func whileTrainingsWait(atStep step: Int, _ body: () async throws -> Void) async throws {
        try await pool.holdBackCheckpoints(atSteps: [step])
        try await pool.withTransaction { transaction in
            try await transaction.query("SELECT pg_advisory_xact_lock(\(Int64(step)))")
            try await body()
        }
    }

    /// SHA-256 of the weights that a training job made.
    func weights(of job: Int64) async throws -> String {
        try await pool.one(
            """
            SELECT encode(f.sha256, 'hex')
            FROM hone.checkpoints c JOIN hone.checkpoint_files f ON f.checkpoint_id = c.id
            WHERE c.job_id = \(job) AND f.path = 'model.safetensors'
            """)
    }

    func stop() async throws {
        pool.close()
        try await EmbeddedPostgres.start(in: home).stop()
        try FileManager.default.removeItem(atPath: home.path)
    }
}

/// kill -9 of workers and of PostgreSQL, as real processes.
@Suite(.serialized) struct FaultTests {
    @Test(.timeLimit(.minutes(4))) func killedWorkersAndServersLoseNothingRepeatNothingAndChangeNoBit() async throws {
        let fleet = try await FaultyFleet()
        let queue = JobQueue(fleet.pool)
        try await queue.enqueue("ingest", payload: PostgresJSON(text: TinyModel.ingest))
        let undisturbed = try await queue.enqueue(
            "train.sft", payload: PostgresJSON(text: TinyModel.training(steps: 40)), options: JobOptions(priority: 1))
        try await fleet.drain()

        let disturbed = try await queue.enqueue(
            "train.sft", payload: PostgresJSON(text: TinyModel.training(steps: 40)))
        let worker = try await disturbTraining(disturbed, fleet)
        #expect(try await fleet.weights(of: disturbed) == fleet.weights(of: undisturbed))
        try await fleet.pool.expectTheSameRecord(of: disturbed, and: undisturbed, steps: 40)
        #expect(try await fleet.pool.one("SELECT count(*) FROM hone.checkpoints WHERE job_id = \(disturbed)") == 1)
        #expect(
            try await fleet.pool.one(
                "SELECT count(*) FROM hone.task_attempts WHERE job_id = \(disturbed) AND outcome = 'lost'") == 1)

        try await serve(checkpointOf: undisturbed, fleet)
        let asked = try await disturbGeneration(fleet, worker)
        try await expectAnswersAsUndisturbed(asked, fleet)
        #expect(try await fleet.pool.query("SELECT * FROM hone.audit()").isEmpty)
        try await fleet.stop()
    }

    /// Kills the worker once it has kept resume points and, under the next one, the server when that one wants to keep
    /// one of its own.
    private func disturbTraining(_ job: Int64, _ fleet: FaultyFleet) async throws -> WorkerProcess {
        try await fleet.whileTrainingsWait(atStep: 20) {
            let first = try fleet.startWorker()
            try await fleet.pool.waitForHeldBackCheckpoint(ofStep: 20)
            #expect(
                try await fleet.pool.one("SELECT count(*) > 0 FROM hone.job_checkpoints WHERE job_id = \(job)") == true)
            await first.killHard()
        }
        var second: WorkerProcess?
        await #expect(throws: PostgresError.self, "the transaction that holds the lock ends with the server") {
            try await fleet.whileNoResumePointCanBeKept { transaction in
                let worker = try fleet.startWorker()
                second = worker
                try await fleet.pool.wait(
                    until: """
                        SELECT count(*) > 0 FROM pg_locks
                        WHERE relation = 'hone.job_checkpoints'::regclass AND NOT granted
                        """)
                try fleet.killServer()
                // Its other processes notice when they next wait.
                try await transaction.query("SELECT pg_sleep(60)")
            }
        }
        try await fleet.restartServer()
        try await fleet.pool.wait(
            until: "SELECT state = 'succeeded' FROM hone.job_status WHERE id = \(job)", seconds: 60)
        return try #require(second)
    }

    private func serve(checkpointOf job: Int64, _ fleet: FaultyFleet) async throws {
        let checkpoint: Int64 = try await fleet.pool.one("SELECT id FROM hone.checkpoints WHERE job_id = \(job)")
        try await fleet.pool.execute(
            """
            INSERT INTO hone.gate_decisions (model_id, candidate_id, passed, evidence, reason)
            SELECT model_id, id, true, '{}', 'for this test' FROM hone.checkpoints WHERE id = \(checkpoint)
            """)
        try await fleet.pool.query("SELECT hone.promote('tiny', \(checkpoint))")
    }

    private static let prompts = (1...20).map {
        PostgresJSON(text: #"{"prompt": "\#($0)+\#($0)=?", "answer": "\#(2 * $0)", "max_new_tokens": 200}"#)
    }

    /// Kills the worker and, under the next one, the server, each while jobs are being answered.
    private func disturbGeneration(_ fleet: FaultyFleet, _ worker: WorkerProcess) async throws -> [Int64] {
        let jobs = try await JobQueue(fleet.pool).enqueue("reason", payloads: Self.prompts)
        let running = "SELECT count(*) > 0 FROM hone.job_status WHERE kind = 'reason' AND state = 'running'"
        try await fleet.whileNoAnswerCanBeCommitted { transaction in
            try await fleet.pool.wait(until: running)
            await worker.killHard()
            // What it sent before it died would be carried out all the same once the lock is gone.
            try await transaction.query(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
                WHERE relation = 'hone.samples'::regclass AND NOT granted
                """)
        }
        let second = try fleet.startWorker()
        await #expect(throws: PostgresError.self, "the transaction that holds the lock ends with the server") {
            try await fleet.whileNoAnswerCanBeCommitted { transaction in
                try await fleet.pool.wait(
                    until: """
                        SELECT count(*) > 0 FROM hone.task_leases l JOIN hone.attempts a USING (job_id)
                        WHERE a.outcome = 'lost'
                        """)
                try fleet.killServer()
                // Its other processes notice when they next wait.
                try await transaction.query("SELECT pg_sleep(60)")
            }
        }
        try await fleet.restartServer()
        try await fleet.pool.wait(
            until: "SELECT count(*) = 0 FROM hone.job_status WHERE kind = 'reason' AND finished_at IS NULL", seconds: 60
        )
        second.terminate()
        #expect(await second.status == 0, "\(second.complaints)")
        return jobs
    }

    private func expectAnswersAsUndisturbed(_ jobs: [Int64], _ fleet: FaultyFleet) async throws {
        let again = try await JobQueue(fleet.pool).enqueue("reason", payloads: Self.prompts)
        try await fleet.drain()
        func texts(_ jobs: [Int64]) async throws -> [String] {
            try await fleet.pool.query(
                """
                SELECT s.text FROM hone.samples s JOIN hone.results r USING (job_id)
                WHERE job_id = ANY (\(jobs)) ORDER BY job_id, ordinal
                """
            ).map { try $0.decode("text") }
        }
        let (disturbed, undisturbed) = (try await texts(jobs), try await texts(again))
        #expect(disturbed.count == Self.prompts.count)
        #expect(disturbed == undisturbed)
    }
}
