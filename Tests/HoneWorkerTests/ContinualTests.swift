import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

@testable import HoneWorker

/// Training that goes on from what is served, with what arrived since.
@Suite(.temporaryDatabase) struct ContinualTests {
    private func payload(from checkpoint: Int64) -> PostgresJSON {
        PostgresJSON(
            text: """
                {"dataset": "threes", "model": "tiny", "initial_checkpoint": \(checkpoint), "checkpoint_every": 2,
                    "remember": 20, "configuration": {"steps": 6, "tokens_per_batch": 256, "seed": 3, "memory": {
                        "self_answers": {"tokens_per_step": 128, "maximum_answer_tokens": 8},
                        "averaging": {"decay": 0.5}}}}
                """)
    }

    @Test(.timeLimit(.minutes(4))) func aKilledTrainingRemembersTheSameAndEndsWithTheSameBits() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let (pool, queue) = (floor.pool, JobQueue(floor.pool))
        let start = try await floor.train(on: "twos", steps: 20)
        let undisturbed = try await queue.enqueue("train.sft", payload: payload(from: start))
        try await floor.worker.runUntilIdle()
        #expect(
            try await pool.one("SELECT error FROM hone.job_status WHERE id = \(undisturbed)", as: String?.self) == nil)

        let disturbed = try await queue.enqueue("train.sft", payload: payload(from: start))
        try await pool.holdBackCheckpoints(atSteps: [4])
        try await pool.withTransaction { transaction in
            try await transaction.execute("SELECT pg_advisory_xact_lock(4)")
            let worker = try startWorker(floor)
            try await pool.waitForHeldBackCheckpoint(ofStep: 4)
            await worker.killHard()
        }
        let second = try startWorker(floor)
        // The dead worker's lease need not be waited for.
        try await pool.execute(
            """
            UPDATE hone.task_leases SET lease_until = clock_timestamp() - interval '1 second'
            WHERE job_id = \(disturbed)
            """)
        try await pool.wait(
            until: "SELECT finished_at IS NOT NULL FROM hone.job_status WHERE id = \(disturbed)", seconds: 90)
        await second.killHard()
        let resumed: Int = try await pool.one(
            """
            SELECT count(*) FROM hone.job_logs WHERE job_id = \(disturbed) AND message LIKE 'going on after step 2:%'
            """)
        #expect(resumed == 1)
        let weights: Int = try await pool.one(
            """
            SELECT count(DISTINCT f.sha256)
            FROM hone.checkpoints c JOIN hone.checkpoint_files f ON f.checkpoint_id = c.id
            WHERE c.job_id IN (\(undisturbed), \(disturbed)) AND f.path = 'model.safetensors'
            """)
        #expect(weights == 1)
        let made: Int = try await pool.one(
            "SELECT count(*) FROM hone.checkpoints WHERE job_id IN (\(undisturbed), \(disturbed))")
        #expect(made == 2)
        let recorded: Int = try await pool.one(
            "SELECT count(*) FROM hone.metrics WHERE job_id = \(disturbed) AND name = 'old_kl'")
        #expect(recorded == 6)
    }

    private func startWorker(_ floor: GateFloor) throws -> WorkerProcess {
        try WorkerProcess(
            ["work", "--log-level", "notice"],
            environment: [
                "HONE_DATABASE_URL": try TemporaryDatabase.current.url,
                "HONE_ARTIFACTS": floor.worker.artifacts.path,
            ])
    }

    @Test func aRunTrainsOnExactlyWhatArrivedSinceTheOneBefore() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let pool = floor.pool
        let start = try await floor.train(on: "twos", steps: 2)
        try await floor.serve(start)
        let definition = PostgresJSON(
            text: """
                {"name": "keep", "params": {}, "stages": [
                    {"name": "arrivals", "kind": "arrivals", "with": {"dataset": "threes", "model": "tiny"}},
                    {"name": "train", "kind": "train.sft", "needs": ["arrivals"], "with": {
                        "dataset": "threes", "model": "tiny", "cut": "${arrivals.cut}",
                        "initial_checkpoint": "${arrivals.checkpoint}",
                        "configuration": {"steps": 2, "tokens_per_batch": 256, "memory": {}}}}]}
                """)
        _ = try await pool.query("SELECT hone.define_pipeline(\(definition))")
        for (prompts, count) in [([], 40), (["a=?", "b=?"], 2)] as [([String], Int)] {
            for prompt in prompts {
                let example = PostgresJSON(text: #"{"prompt": "\#(prompt)", "answer": "3"}"#)
                _ = try await pool.query("SELECT hone.ingest('threes', ARRAY[\(example)])")
            }
            let run: Int64 = try await pool.query("SELECT hone.run_pipeline('keep') AS run")[0].decode("run")
            try await floor.worker.runUntilIdle()
            let state: String = try await pool.one("SELECT state FROM hone.run_status WHERE id = \(run)")
            let trained: Int = try await pool.one(
                """
                SELECT (dataset_cut ->> 'count')::bigint FROM hone.checkpoints
                WHERE run_id = \(run) AND parent_id = \(start)
                """)
            #expect(state == "succeeded" && trained == count)
        }
        let idle: Int64 = try await pool.query("SELECT hone.run_pipeline('keep') AS run")[0].decode("run")
        try await floor.worker.runUntilIdle()
        let error: String? = try await pool.one(
            """
            SELECT j.error FROM hone.job_status j JOIN hone.stages s ON s.job_id = j.id
            WHERE s.run_id = \(idle) AND s.name = 'arrivals'
            """, as: String?.self)
        #expect(error?.contains("nothing has arrived in split train of dataset threes") == true)
    }
}
