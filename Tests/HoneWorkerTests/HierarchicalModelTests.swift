import Foundation
import HoneArtifacts
import HoneModel
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

@testable import HoneWorker

/// A model with sliding and hierarchical layers through jobs: trained, promoted, asked, and not to be exported.
@Suite(.temporaryDatabase) struct HierarchicalModelTests {
    private static let training = """
        {"dataset": "tiny", "model": "tiny", "configuration": {
            "steps": 6, "tokens_per_batch": 256, "warm_up_steps": 2, "seed": 7,
            "model": {"model_type": "hone", "network": "llama", "vocab_size": 258, "hidden_size": 16,
                "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2,
                "max_position_embeddings": 256, "tie_word_embeddings": false, "eos_token_id": 256,
                "pad_token_id": 257, "attention_kinds": [
                    {"kind": "sliding", "window": 6}, {"kind": "hierarchical", "window": 8, "block": 4},
                    {"kind": "hierarchical", "window": 6, "block": 3, "selected": 1}]}}}
        """

    @Test func `a hierarchical model is trained, answers, and is not exported as something else`() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let (pool, queue) = (database.pool, JobQueue(database.pool))
        func run(_ kind: String, _ payload: String) async throws -> Int64 {
            let job = try await queue.enqueue(kind, payload: PostgresJSON(text: payload))
            try await worker.runUntilIdle()
            let error: String? = try await pool.one("SELECT error FROM hone.job_status WHERE id = \(job)")
            #expect(error == nil)
            return job
        }
        _ = try await run("ingest", TinyModel.ingest)
        _ = try await run("train.sft", Self.training)
        let checkpoint: Int64 = try await pool.one("SELECT max(id) FROM hone.checkpoints")
        _ = try await run(
            "gate",
            #"{"model": "tiny", "checkpoint": \#(checkpoint), "target": {"dataset": "tiny"}, "max_new_tokens": 4}"#)
        try await pool.query("SELECT hone.promote('tiny', \(checkpoint))")
        let job = try await run("reason", #"{"prompt": "12+34=?", "samples": 2, "max_new_tokens": 20}"#)
        #expect(try await pool.one("SELECT count(*) FROM hone.samples WHERE job_id = \(job)") == 2)

        let store = try ArtifactStore(root: worker.artifacts)
        let target = worker.artifacts.path + "-exported"
        let error = await #expect(throws: WorkerError.self) {
            _ = try await ModelExport(session: pool, store: store).run("tiny", checkpoint: nil, to: target)
        }
        #expect(error?.description.contains("transformers") == true)
        #expect(!FileManager.default.fileExists(atPath: target))
    }
}
