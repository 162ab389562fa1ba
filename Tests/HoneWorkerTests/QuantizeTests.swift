import Foundation
import HoneArtifacts
import HoneEvaluation
import HoneModel
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

@testable import HoneWorker

/// Checkpoints in fewer bits on a real database, of a network too small to be right.
@Suite(.temporaryDatabase) struct QuantizeTests {
    private func run(_ kind: String, _ payload: String, _ worker: LocalWorker) async throws -> Int64 {
        let job = try await JobQueue(worker.pool).enqueue(kind, payload: PostgresJSON(text: payload))
        try await worker.runUntilIdle()
        return job
    }

    private func error(of job: Int64, _ pool: PostgresPool) async throws -> String {
        try await pool.query("SELECT coalesce(error, '') AS error FROM hone.job_status WHERE id = \(job)")[0]
            .decode("error")
    }

    @Test(.timeLimit(.minutes(3)))
    func `a checkpoint is compared with its layout, as it answers when it is served`() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let checkpoint = try await floor.train(on: "twos", steps: 250)
        var settings = QuantizationSettings(.int8)
        settings.maximumNewTokens = 8
        let data = try await QuantizationData(dataset: "twos", measuredSplit: "train", settings, from: floor.pool)
        let store = try ArtifactStore(root: floor.worker.artifacts)
        let made = try await ModelQuantization(settings, threads: 1).run(
            "tiny", checkpoint: checkpoint, data, pool: floor.pool, store: store, codeVersion: "under test"
        ) { _, _ in }
        let served = try await CheckpointLibrary(session: floor.pool, store: store).load(checkpoint, threads: 1)
        let answered = try await CheckpointEvaluation(of: data.measured, with: served, maximumNewTokens: 8) { _ in }
        let outcomes = answered.evaluation.outcomes
        let expected = PairedComparison(candidate: outcomes, baseline: outcomes).baseline.value
        #expect(made.difference.accuracy?.baseline.value == expected)
        #expect(expected > 0.5)
    }

    @Test(.timeLimit(.minutes(3)))
    func `a quantized checkpoint descends from its parent, passes a gate, is served and exported`() async throws {
        let worker = LocalWorker(try TemporaryDatabase.current)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let pool = worker.pool
        _ = try await TinyModel.start(in: pool)
        try await worker.runUntilIdle()
        let parent: Int64 = try await pool.one("SELECT checkpoint_id FROM hone.active_checkpoints")
        let job = try await run(
            "quantize",
            """
            {"model": "tiny", "to": "mixed", "budget_size": 0.35, "budget_loss": 100, "dataset": "tiny",
                "calibration": 20, "cache": "int8", "limit": 8, "max_new_tokens": 8}
            """, worker)
        #expect(try await error(of: job, pool) == "")
        let child: Int64 = try await pool.one(
            "SELECT (result ->> 'checkpoint')::bigint FROM hone.results WHERE job_id = \(job)")
        let row = try await pool.query(
            """
            SELECT parent_id, step, (metrics ->> 'size_ratio')::float8 AS ratio,
                config #>> '{quantization,target}' AS target,
                config #>> '{record,cache}' AS cache, (
                    SELECT count(*) FROM hone.checkpoint_files f
                    WHERE f.checkpoint_id = c.id AND f.path IN ('quantization.json', 'tokenizer.json')) AS files
            FROM hone.checkpoints c WHERE id = \(child)
            """)[0]
        #expect(try row.decode("parent_id", as: Int64.self) == parent)
        #expect(try row.decode("step", as: Int64.self) == 6)
        #expect(try row.decode("target", as: String.self) == "mixed")
        #expect(try row.decode("cache", as: String.self) == "int8")
        #expect(try row.decode("files", as: Int.self) == 2)
        #expect(try row.decode("ratio", as: Double.self) < 0.6)

        let evaluation = try await run(
            "evaluate", #"{"checkpoint": \#(child), "dataset": "tiny", "max_new_tokens": 8}"#, worker)
        let id: Int64 = try await pool.one(
            "SELECT (result ->> 'evaluation')::bigint FROM hone.results WHERE job_id = \(evaluation)")
        let gate = try await run(
            "gate", #"{"model": "tiny", "checkpoint": \#(child), "evaluation": \#(id), "require": {}}"#, worker)
        #expect(try await error(of: gate, pool) == "")
        try await pool.query("SELECT hone.promote('tiny', \(child))")
        let answer = try await run("reason", #"{"prompt": "1+1=?", "max_new_tokens": 6}"#, worker)
        #expect(try await error(of: answer, pool) == "")
        #expect(
            try await pool.one("SELECT (result ->> 'checkpoint')::bigint FROM hone.results WHERE job_id = \(answer)")
                == child)

        let export = ModelExport(session: pool, store: try ArtifactStore(root: worker.artifacts))
        let folder = worker.artifacts.path + "/export"
        await #expect(throws: WorkerError.quantizedExport(checkpoint: "tiny@\(child)")) {
            _ = try await export.run("tiny", checkpoint: child, to: folder)
        }
        _ = try await export.run("tiny", checkpoint: child, to: folder, dequantizing: true)
        #expect(try CausalLanguageModel.load(directory: folder).configuration.quantization == nil)

        let again = try await run("quantize", #"{"model": "tiny", "checkpoint": \#(child), "to": "int8"}"#, worker)
        #expect(try await error(of: again, pool).contains("take the model that it was made from"))
        let training = TinyModel.training(steps: 8).replacing(
            #""model": "tiny","#, with: #""model": "tiny", "initial_checkpoint": \#(child),"#)
        #expect(try await error(of: run("train.sft", training, worker), pool) != "")
        #expect(try await pool.query("SELECT * FROM hone.audit()").isEmpty)
    }

    @Test(.timeLimit(.minutes(3)))
    func `what cannot be quantized as asked is one error, and nothing is recorded`() async throws {
        let worker = LocalWorker(try TemporaryDatabase.current)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let pool = worker.pool
        _ = try await TinyModel.start(in: pool)
        try await worker.runUntilIdle()
        let before: Int = try await pool.one("SELECT count(*) FROM hone.checkpoints")
        let cases = [
            (#"{"model": "tiny", "to": "int3"}"#, "\"to\""),
            (#"{"model": "tiny", "to": "int8", "cache": "int4"}"#, "\"cache\""),
            (#"{"model": "none", "to": "int8"}"#, "there is no model none"),
            (#"{"model": "tiny", "to": "mixed"}"#, "\"dataset\" is missing"),
            (#"{"model": "tiny", "to": "int8", "budget_size": 0.3}"#, "\"budget_size\""),
            (#"{"model": "tiny", "to": "mixed", "dataset": "other"}"#, "other"),
            (
                #"{"model": "tiny", "to": "mixed", "budget_size": 0.01, "dataset": "tiny", "calibration": 4}"#,
                "with 4 bits everywhere"
            ),
            (#"{"model": "tiny", "to": "int8", "sparsity": 0.5}"#, "\"dataset\" is missing"),
        ]
        for (payload, words) in cases {
            let message = try await error(of: run("quantize", payload, worker), pool)
            #expect(message.contains(words), "\(payload): \(message)")
        }
        #expect(try await pool.one("SELECT count(*) FROM hone.checkpoints") == before)
    }

    @Test func `a loss over its budget is refused with both numbers`() throws {
        var difference = ModelDifference(byteCount: ModelDifference.Pair(parent: 4, child: 1))
        difference.accuracy = PairedComparison(both: 90, gained: 1, lost: 3, neither: 6)
        var settings = QuantizationSettings(.int8)
        settings.budgetLoss = 2
        #expect(throws: Never.self) { try QuantizedCheckpoint.check(difference, settings) }
        settings.budgetLoss = 1.5
        let error = #expect(throws: WorkerError.self) { try QuantizedCheckpoint.check(difference, settings) }
        let message = "\(try #require(error))"
        #expect(message.contains("2.00 points of 100") && message.contains("1.5"), "\(message)")
    }
}
