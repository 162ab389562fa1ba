import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import HoneTraining
import Testing

@testable import HoneWorker

/// `train.ppo` whose answers are sampled by jobs of the queue.
@Suite(.temporaryDatabase, .serialized) struct FleetRolloutTests {
    private func payload(
        from checkpoint: Int64, rollouts: String, steps: Int = 6, limits: String = "{}"
    ) -> PostgresJSON {
        PostgresJSON(
            text: """
                {"dataset": "twos", "model": "tiny", "initial_checkpoint": \(checkpoint),
                    "checkpoint_every": 2, "rollouts": \(rollouts), "configuration": {
                        "steps": \(steps), "prompts_per_step": 6, "samples_per_prompt": 2, "max_new_tokens": 8,
                        "answers_per_update": 6, "limits": \(limits), "seed": 3}}
                """)
    }

    private static let synchronous = #"{"through": "queue", "answers_per_job": 4}"#
    private static let stale = #"{"through": "queue", "staleness": 1, "answers_per_job": 4}"#

    private func expectSuccess(_ job: Int64, _ pool: PostgresPool) async throws {
        let row = try await pool.query("SELECT state, error FROM hone.job_status WHERE id = \(job)")[0]
        #expect(try row.decode("state", as: String.self) == "succeeded")
        #expect(try row.decode("error", as: String?.self) == nil)
    }

    /// Nothing is left of a training's roll-outs, and of its policies the record.
    private func expectNothingLeft(of job: Int64, _ floor: GateFloor) async throws {
        let rows: Int = try await floor.pool.one(
            """
            SELECT (SELECT count(*) FROM hone.rollout_batches WHERE job_id = \(job))
                + (SELECT count(*) FROM hone.policy_versions WHERE job_id = \(job) AND files IS NOT NULL)
                + (SELECT count(*) FROM hone.job_status WHERE kind = 'rollout' AND finished_at IS NULL)
            """)
        #expect(rows == 0)
        let weights = try await floor.pool.query(
            "SELECT encode(sha256, 'hex') AS name FROM hone.policy_versions WHERE job_id = \(job)")
        for row in weights {
            let name: String = try row.decode("name")
            let path = floor.worker.artifacts.appending(path: "\(name.prefix(2))/\(name)").path
            #expect(!FileManager.default.fileExists(atPath: path))
        }
        #expect(weights.count > 0)
        #expect(try await floor.pool.query("SELECT * FROM hone.audit()").isEmpty)
    }

    /// Of the policies and critics that trainings ended with, the distinct ones.
    private func weightCount(of jobs: [Int64], _ pool: PostgresPool) async throws -> Int {
        try await pool.one(
            """
            SELECT count(DISTINCT f.sha256)
            FROM hone.checkpoints c JOIN hone.checkpoint_files f ON f.checkpoint_id = c.id
            WHERE c.job_id = ANY (\(jobs)) AND f.path IN ('model.safetensors', 'critic.safetensors')
            """)
    }

    /// One worker with one place works for itself: it cannot wait for ever.
    @Test(.timeLimit(.minutes(4))) func aFleetOfOneEndsWithTheBitsOfRolloutsInTheProcess() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let queue = JobQueue(floor.pool)
        let start = try await floor.train(on: "twos", steps: 250)
        let own = try await queue.enqueue(
            "train.ppo", payload: payload(from: start, rollouts: #"{"through": "process"}"#))
        let fleet = try await queue.enqueue("train.ppo", payload: payload(from: start, rollouts: Self.synchronous))
        try await floor.worker.runUntilIdle()
        try await expectSuccess(own, floor.pool)
        try await expectSuccess(fleet, floor.pool)
        #expect(try await weightCount(of: [own, fleet], floor.pool) == 2)
        try await floor.pool.expectTheSameRecord(
            of: fleet, and: own, steps: 6,
            names: ["reward", "kl", "entropy", "policy_loss", "grad_norm", "unscorable", "mean_length", "staleness"])
        #expect(
            try await floor.pool.one(
                "SELECT count(*) FROM hone.job_status WHERE kind = 'rollout' AND state = 'succeeded'") == 18)
        try await expectNothingLeft(of: fleet, floor)
    }

    /// Copies what is committed, since the training drops it in the end.
    private func keepRewards(_ pool: PostgresPool) async throws {
        for statement in [
            "CREATE TABLE public.seen_rewards AS SELECT * FROM hone.rollout_rewards",
            "CREATE TABLE public.seen_batches AS SELECT job_id, step, version FROM hone.rollout_batches",
            """
            CREATE FUNCTION public.see_reward() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO public.seen_rewards SELECT NEW.*; RETURN NULL; END'
            """,
            """
            CREATE FUNCTION public.see_batch() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO public.seen_batches VALUES (NEW.job_id, NEW.step, NEW.version); RETURN NULL; END'
            """,
            "CREATE TRIGGER see AFTER INSERT ON hone.rollout_rewards FOR EACH ROW EXECUTE FUNCTION public.see_reward()",
            "CREATE TRIGGER see AFTER INSERT ON hone.rollout_batches FOR EACH ROW EXECUTE FUNCTION public.see_batch()",
        ] {
            try await pool.execute(PostgresQuery(unsafeSQL: statement))
        }
    }

    /// Workers, one of which trains, are killed while they commit roll-outs; others go on.
    @Test(.timeLimit(.minutes(6)))
    func `T36, T37: killed workers change no bit of a stale training, reward nothing twice and use nothing too old`()
        async throws
    {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let (pool, queue) = (floor.pool, JobQueue(floor.pool))
        let start = try await floor.train(on: "twos", steps: 250)
        let undisturbed = try await queue.enqueue("train.ppo", payload: payload(from: start, rollouts: Self.stale))
        try await floor.worker.runUntilIdle()
        try await expectSuccess(undisturbed, pool)

        try await keepRewards(pool)
        try await pool.holdBackCheckpoints(atSteps: [4])
        let disturbed = try await queue.enqueue("train.ppo", payload: payload(from: start, rollouts: Self.stale))
        var workers: [WorkerProcess] = []
        // The first two die while answers of theirs wait to be recorded.
        try await pool.withTransaction { transaction in
            try await transaction.execute("LOCK TABLE hone.rollouts IN SHARE MODE")
            workers = try (0..<2).map { _ in try startWorker(floor) }
            try await waitForHeldBackAnswers(of: workers, pool)
            for worker in workers { await worker.killHard() }
            try await transaction.query(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
                WHERE relation = 'hone.rollouts'::regclass AND NOT granted
                """)
        }
        // The one that trains then dies after a step that it asked ahead of, before it has kept a resume point of it.
        try await pool.withTransaction { transaction in
            try await transaction.execute("SELECT pg_advisory_xact_lock(4)")
            workers = try (0..<2).map { _ in try startWorker(floor) }
            try await pool.waitForHeldBackCheckpoint(ofStep: 4)
            for worker in workers { await worker.killHard() }
        }
        workers = try (0..<2).map { _ in try startWorker(floor) }
        // What the dead had begun and others have done since ends when their leases do.
        try await pool.wait(
            until: """
                SELECT bool_and(finished_at IS NOT NULL) FROM hone.job_status
                WHERE kind = 'rollout' OR id = \(disturbed)
                """, seconds: 120)
        for worker in workers { worker.terminate() }
        for worker in workers { #expect(await worker.status == 0, "\(worker.complaints)") }

        try await expectSuccess(disturbed, pool)
        #expect(try await weightCount(of: [undisturbed, disturbed], pool) == 2)
        try await pool.expectTheSameRecord(
            of: disturbed, and: undisturbed, steps: 6, names: ["reward", "grad_norm", "importance", "staleness"])
        let lost: Int = try await pool.one(
            "SELECT count(*) FROM hone.task_attempts WHERE job_id = \(disturbed) AND outcome = 'lost'")
        #expect(lost == 2)
        try await expectEachRewardOnce(of: disturbed, pool)
        try await expectNothingLeft(of: disturbed, floor)
    }

    private func waitForHeldBackAnswers(of workers: [WorkerProcess], _ pool: PostgresPool) async throws {
        do {
            try await pool.wait(
                until: "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'hone.rollouts'::regclass AND NOT granted",
                seconds: 60)
        } catch {
            let jobs: String = try await pool.one(
                """
                SELECT string_agg(concat_ws(' ', id, kind, state, attempt, error, progress), E'\\n' ORDER BY id)
                FROM hone.job_status
                """)
            Issue.record("\(jobs)\n\(workers.map(\.complaints).joined(separator: "\n"))")
            throw error
        }
    }

    private func expectEachRewardOnce(of job: Int64, _ pool: PostgresPool) async throws {
        let row = try await pool.query(
            """
            SELECT count(*) AS all, count(DISTINCT (step, ordinal, scorer)) AS distinct
            FROM public.seen_rewards WHERE job_id = \(job)
            """)[0]
        #expect(try row.decode("all", as: Int.self) == 72)
        #expect(try row.decode("distinct", as: Int.self) == 72)
        let ages: [Int32] = try await pool.one(
            "SELECT array_agg(step - version ORDER BY step) FROM public.seen_batches WHERE job_id = \(job)")
        #expect(ages == [0, 1, 1, 1, 1, 1])
    }

    private func startWorker(_ floor: GateFloor) throws -> WorkerProcess {
        try WorkerProcess(
            ["work", "--log-level", "notice"],
            environment: [
                "HONE_DATABASE_URL": try TemporaryDatabase.current.url,
                "HONE_ARTIFACTS": floor.worker.artifacts.path,
            ])
    }

    @Test(.timeLimit(.minutes(4))) func aTrainingThatIsCancelledTakesItsRolloutJobsWithIt() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let (pool, queue) = (floor.pool, JobQueue(floor.pool))
        let start = try await floor.train(on: "twos", steps: 250)
        let job = try await queue.enqueue(
            "train.ppo",
            payload: payload(from: start, rollouts: Self.stale, steps: 100_000, limits: #"{"patience": 1000000}"#))
        let worker = try startWorker(floor)
        try await pool.wait(until: "SELECT max(step) > 3 FROM hone.rollout_batches WHERE job_id = \(job)", seconds: 60)
        #expect(try await queue.cancel(job))
        try await pool.wait(
            until: """
                SELECT bool_and(finished_at IS NOT NULL) FROM hone.job_status
                WHERE kind = 'rollout' OR id = \(job)
                """)
        worker.terminate()
        #expect(await worker.status == 0, "\(worker.complaints)")
        #expect(try await pool.one("SELECT state FROM hone.job_status WHERE id = \(job)") == "cancelled")
        #expect(try await pool.query("SELECT * FROM hone.audit()").isEmpty)
    }

    /// What the samplers of a chunk, or of all chunks, of the second step are asked cannot be read.
    private func poison(chunks: String, _ pool: PostgresPool) async throws {
        for statement in [
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.asked := ''{}''; RETURN NEW; END'",
            """
            CREATE TRIGGER poison BEFORE INSERT ON hone.rollout_chunks
            FOR EACH ROW WHEN (NEW.step = 1 AND NEW.chunk IN (\(chunks))) EXECUTE FUNCTION poison()
            """,
        ] {
            try await pool.execute(PostgresQuery(unsafeSQL: statement))
        }
    }

    @Test(.timeLimit(.minutes(4))) func groupsThatCannotBeSampledAreLeftOutAndThatIsSaid() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let start = try await floor.train(on: "twos", steps: 250)
        // The first of those that are claimed together: the others must not fail with it.
        try await poison(chunks: "0", floor.pool)
        let job = try await JobQueue(floor.pool).enqueue(
            "train.ppo", payload: payload(from: start, rollouts: Self.synchronous, steps: 3))
        try await floor.worker.runUntilIdle()
        try await expectSuccess(job, floor.pool)
        let leftOut: [Double] = try await floor.pool.one(
            "SELECT array_agg(value ORDER BY step) FROM hone.metrics WHERE job_id = \(job) AND name = 'left_out'")
        #expect(leftOut == [0, 4, 0])
        let said: String = try await floor.pool.one(
            "SELECT message FROM hone.job_logs WHERE job_id = \(job) AND level = 'warning'")
        #expect(said.contains("step 2 goes on without 4 answers: job"), "\(said)")
        try await expectNothingLeft(of: job, floor)
    }

    /// Somebody who holds a lease and does nothing takes the first roll-out job that there is.
    @Test(.timeLimit(.minutes(4))) func aStepDoesNotWaitForAWorkerThatIsSlow() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let pool = floor.pool
        let start = try await floor.train(on: "twos", steps: 250)
        for statement in [
            """
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS '
            BEGIN
                PERFORM hone.claim_jobs(
                    hone.register_worker(''slow'', ''nowhere'', 1, ''test'', ''{}''), ARRAY[NEW.sampler_id], 1,
                    ''1 h'');
                RETURN NULL;
            END'
            """,
            """
            CREATE TRIGGER dawdle AFTER INSERT ON hone.rollout_chunks
            FOR EACH ROW WHEN (NEW.step = 0 AND NEW.chunk = 1) EXECUTE FUNCTION dawdle()
            """,
        ] {
            try await pool.execute(PostgresQuery(unsafeSQL: statement))
        }
        let job = try await JobQueue(pool).enqueue(
            "train.ppo", payload: payload(from: start, rollouts: Self.synchronous, steps: 2))
        try await floor.worker.runUntilIdle()
        try await expectSuccess(job, pool)
        let (leftOut, said): (Double, Int64) = try await pool.query(
            """
            SELECT (SELECT sum(value) FROM hone.metrics WHERE job_id = \(job) AND name = 'left_out'),
                (SELECT count(*) FROM hone.job_logs WHERE job_id = \(job) AND message LIKE '%is sampled here too')
            """)[0].decode(Double.self, Int64.self)
        #expect(leftOut == 0 && said == 1)
    }

    @Test(.timeLimit(.minutes(4))) func aStepWithoutAnyAnswerEndsTheTrainingAndNamesTheCause() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let start = try await floor.train(on: "twos", steps: 250)
        try await poison(chunks: "0, 1, 2", floor.pool)
        let job = try await JobQueue(floor.pool).enqueue(
            "train.ppo", payload: payload(from: start, rollouts: Self.stale, steps: 3))
        try await floor.worker.runUntilIdle()
        let error: String = try await floor.pool.one("SELECT error FROM hone.job_status WHERE id = \(job)")
        #expect(error.contains("none of the answers of step 2 could be sampled; the first of its"), "\(error)")
        #expect(
            try await floor.pool.one(
                "SELECT count(*) FROM hone.job_status WHERE kind = 'rollout' AND finished_at IS NULL") == 0)
    }

    @Test(arguments: [
        (#"{"through": "fleet"}"#, "rollouts"), (#"{"through": "queue", "stale": 1}"#, "stale"),
        (#"{"through": "process", "staleness": 1}"#, "nothing is stale"),
        (#"{"through": "queue", "importance_cap": 2}"#, "nothing is stale"),
        (#"{"through": "queue", "staleness": 101}"#, "outside 0 to 100"),
    ])
    func settingsThatCannotBeMeantAreRefused(rollouts: String, fault: String) throws {
        let error = #expect(throws: WorkerError.self) {
            try TrainPPOPayload(json: payload(from: 1, rollouts: rollouts).data)
        }
        #expect("\(try #require(error))".contains(fault))
    }

    @Test func stalenessBringsItsBoundAndItsCorrection() throws {
        let stale = try TrainPPOPayload(
            json: payload(from: 1, rollouts: #"{"through": "queue", "staleness": 2, "importance_cap": 3}"#).data)
        #expect(stale.effective.maximumStaleness == 2)
        #expect(stale.effective.importance?.upper == 3)
        let fresh = try TrainPPOPayload(json: payload(from: 1, rollouts: Self.synchronous).data)
        #expect(fresh.effective == fresh.withResumePoints)
    }
}
