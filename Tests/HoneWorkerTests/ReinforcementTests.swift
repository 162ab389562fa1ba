import Foundation
import HoneCatalog
import HonePostgres
import HoneQueue
import HoneTesting
import HoneTraining
import Testing

@testable import HoneWorker

/// `train.ppo` through the queue, with a policy that has learnt to write one answer.
@Suite(.temporaryDatabase) struct ReinforcementTests {
    private func payload(
        from checkpoint: Int64, steps: Int = 6, limits: String = "{}", checkpointEvery: Int = 2
    ) -> PostgresJSON {
        PostgresJSON(
            text: """
                {"dataset": "twos", "model": "tiny", "initial_checkpoint": \(checkpoint),
                    "checkpoint_every": \(checkpointEvery), "configuration": {
                        "steps": \(steps), "prompts_per_step": 6, "samples_per_prompt": 2, "max_new_tokens": 8,
                        "answers_per_update": 6, "limits": \(limits), "seed": 3}}
                """)
    }

    /// Killed at the first resume point and drained after the second, each while it waits to write one.
    @Test(.timeLimit(.minutes(4))) func aRunThatIsKilledAndThenDrainedEndsWithTheBitsOfAnUndisturbedOne() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let (pool, queue) = (floor.pool, JobQueue(floor.pool))
        let start = try await floor.train(on: "twos", steps: 250)
        let undisturbed = try await queue.enqueue("train.ppo", payload: payload(from: start))
        try await floor.worker.runUntilIdle()
        #expect(
            try await pool.one("SELECT error FROM hone.job_status WHERE id = \(undisturbed)", as: String?.self) == nil)

        let disturbed = try await queue.enqueue("train.ppo", payload: payload(from: start))
        try await pool.holdBackCheckpoints(atSteps: [2, 4])
        try await whileHeldBack(atStep: 2, floor) { await $0.killHard() }
        let drained = try await whileHeldBack(atStep: 4, floor) { worker in
            worker.terminate()
            try await eventually("the worker drains") { worker.complaints.contains("draining") }
        }
        #expect(await drained.status == 0, "\(drained.complaints)")
        #expect(try await pool.one("SELECT max(ordinal) FROM hone.job_checkpoints WHERE job_id = \(disturbed)") == 5)
        try await floor.worker.runUntilIdle()

        let resumed: Int = try await pool.one(
            """
            SELECT count(*) FROM hone.job_logs WHERE job_id = \(disturbed) AND message LIKE 'going on after step 5:%'
            """)
        #expect(resumed == 1)
        try await pool.expectTheSameRecord(
            of: disturbed, and: undisturbed, steps: 6, names: ["reward", "kl", "entropy", "policy_loss", "grad_norm"])
        try await expectAttempts(of: disturbed, in: pool)
        try await expectRecord(of: [undisturbed, disturbed], from: start, in: pool)
        let weights: Int = try await pool.one(
            """
            SELECT count(DISTINCT f.sha256)
            FROM hone.checkpoints c JOIN hone.checkpoint_files f ON f.checkpoint_id = c.id
            WHERE c.job_id IN (\(undisturbed), \(disturbed)) AND f.path IN ('model.safetensors', 'critic.safetensors')
            """)
        #expect(weights == 2)
        #expect(
            try await pool.one(
                "SELECT count(*) FROM hone.task_attempts WHERE job_id = \(disturbed) AND outcome = 'lost'") == 1)
        #expect(try await pool.query("SELECT * FROM hone.audit()").isEmpty)
    }

    /// Every step that was kept was done once: the killed attempt's at steps 1 and 2, whose resume point was never
    /// recorded, were done again.
    private func expectAttempts(of job: Int64, in pool: PostgresPool) async throws {
        let rows = try await pool.query(
            """
            SELECT array_agg(DISTINCT m.step ORDER BY m.step) AS steps FROM hone.step_metrics m
            WHERE m.job_id = \(job) GROUP BY m.fence ORDER BY m.fence
            """)
        #expect(try rows.map { try $0.decode("steps", as: [Int32].self) } == [[1, 2, 3, 4, 5], [6]])
    }

    @discardableResult private func whileHeldBack(
        atStep step: Int, _ floor: GateFloor, _ body: (WorkerProcess) async throws -> Void
    ) async throws -> WorkerProcess {
        try await floor.pool.withTransaction { transaction in
            try await transaction.execute("SELECT pg_advisory_xact_lock(\(Int64(step)))")
            let worker = try startWorker(floor)
            try await floor.pool.waitForHeldBackCheckpoint(ofStep: step)
            try await body(worker)
            return worker
        }
    }

    private func startWorker(_ floor: GateFloor) throws -> WorkerProcess {
        try WorkerProcess(
            ["work", "--log-level", "notice"],
            environment: [
                "HONE_DATABASE_URL": try TemporaryDatabase.current.url,
                "HONE_ARTIFACTS": floor.worker.artifacts.path,
            ])
    }

    private func expectRecord(of jobs: [Int64], from start: Int64, in pool: PostgresPool) async throws {
        let recorded: Int = try await pool.one(
            """
            SELECT count(*) FROM hone.checkpoints c JOIN hone.results r USING (job_id)
            WHERE c.job_id = ANY (\(jobs)) AND c.parent_id = \(start) AND c.step = 6
                AND (c.metrics ->> 'reward')::float8 > 0.5 AND c.metrics ? 'kl'
                AND (r.result ->> 'checkpoint')::bigint = c.id AND r.result -> 'reward' = c.metrics -> 'reward'
            """)
        #expect(recorded == jobs.count)
    }

    @Test func aRunShowsHowFarItIsAndCanBeCancelled() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let start = try await floor.train(on: "twos", steps: 250)
        let job = try await JobQueue(floor.pool).enqueue(
            "train.ppo",
            payload: payload(from: start, steps: 100_000, limits: #"{"patience": 1000000}"#, checkpointEvery: 1000))
        let worker = try startWorker(floor)
        try await floor.pool.wait(
            until: """
                SELECT progress @> '{"steps": 100000}' AND progress ?& '{step,reward,kl,unscorable,eta_s}'
                FROM hone.job_status WHERE id = \(job)
                """)
        #expect(try await JobQueue(floor.pool).cancel(job))
        try await floor.pool.wait(until: "SELECT state = 'cancelled' FROM hone.job_status WHERE id = \(job)")
        worker.terminate()
        #expect(await worker.status == 0, "\(worker.complaints)")
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.checkpoints WHERE job_id = \(job)") == 0)
    }

    @Test func aCollapseFailsTheJobForGoodAndRecordsNoCheckpoint() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let start = try await floor.train(on: "twos", steps: 250)
        let job = try await JobQueue(floor.pool).enqueue(
            "train.ppo",
            payload: payload(from: start, limits: #"{"ratio": 1.0000001, "patience": 2}"#, checkpointEvery: 1))
        try await floor.worker.runUntilIdle()
        let row = try await floor.pool.query("SELECT state, error, attempt FROM hone.job_status WHERE id = \(job)")[0]
        #expect(try row.decode("state", as: String.self) == "failed")
        #expect(try row.decode("attempt", as: Int.self) == 1)
        let error = try row.decode("error", as: String.self)
        #expect(error.contains("stopped at step 2: the ratio"), "\(error)")
        #expect(error.contains("the job keeps the weights of step 1"), "\(error)")
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.checkpoints WHERE job_id = \(job)") == 0)
        #expect(try await floor.pool.one("SELECT max(ordinal) FROM hone.job_checkpoints WHERE job_id = \(job)") == 1)
    }
}

@Suite struct AnswerJudgeTests {
    private let judge = AnswerJudge([
        CutExample(id: 1, prompt: "1+1=?", answer: "2", steps: [], level: nil),
        CutExample(id: 2, prompt: "Why?", answer: "", steps: [], level: nil),
    ])

    @Test(arguments: [
        ("1+1=?\n", "1+1=2\n#### 2", 1), ("1+1=?\n", "#### 3", 0), ("1+1=?\n", "two", nil), ("1+1=?\n", "#### 2)", nil),
        ("Why?\n", "#### ", nil), ("Why?\n", "#### 0", nil), ("another\n", "#### 2", nil),
    ])
    func onlyWhatCanBeJudgedHasAScore(prompt: String, completion: String, score: Double?) {
        switch judge.verdict(prompt: prompt, completion: completion, tokens: []) {
        case .scored(let value, _): #expect(value == score)
        case .unscorable(let reason): #expect(score == nil, "\(reason)")
        }
    }
}

@Suite struct ResumePointTests {
    @Test func aPointOfAFormerWorkerStillHasItsLoss() throws {
        let cut = #"{"dataset": "d", "split": "train", "ids": "{[1,2)}", "count": 1, "sha256": "00"}"#
        let former = PostgresJSON(text: #"{"step": 4, "loss": 0.5, "cut": \#(cut), "droppedCount": 2, "files": []}"#)
        let point = try former.decode(ResumePoint.self)
        #expect(point.metrics == ["loss": 0.5])
        guard case .cut = point.data else {
            Issue.record("\(point.data)")
            return
        }
        #expect(try PostgresJSON(encoding: point).decode(ResumePoint.self) == point)
    }
}
