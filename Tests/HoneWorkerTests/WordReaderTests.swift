import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

/// Models that write an equation over letters, from training to the answers of jobs.
@Suite(.temporaryDatabase) struct WordReaderTests {
    private static let training = """
        {"dataset": "sales", "model": "reader", "checkpoint_every": 15, "configuration": {
            "steps": 40, "tokens_per_batch": 256, "warm_up_steps": 2, "seed": 7, "learning_rate": 0.01,
            "layout": "equation", "vocabulary": "learned", "dropout": 0.1,
            "model": {"model_type": "llama", "vocab_size": 300, "hidden_size": 32, "intermediate_size": 64,
                "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 64,
                "tie_word_embeddings": true, "eos_token_id": 256, "pad_token_id": 257}}}
        """

    /// Differences, and one problem that no equation solves.
    private static let examples =
        (1...12).map {
            #"{"prompt": "Ann had \#($0 + 20) pens and sold \#($0). How many are left?", "answer": "20", "#
                + #""steps": ["\#($0 + 20)-\#($0)=20"]}"#
        } + [#"{"prompt": "Why 7?", "answer": "because", "steps": []}"#]

    private func trained(_ database: TemporaryDatabase, _ worker: LocalWorker) async throws -> Int64 {
        let pool = database.pool
        let rows = PostgresJSON(text: "[\(Self.examples.joined(separator: ","))]")
        try await pool.query("SELECT hone.ingest('sales', ARRAY(SELECT jsonb_array_elements(\(rows))))")
        let job = try await JobQueue(pool).enqueue("train.sft", payload: PostgresJSON(text: Self.training))
        try await worker.runUntilIdle()
        return try await pool.one("SELECT (result ->> 'checkpoint')::bigint FROM hone.results WHERE job_id = \(job)")
    }

    @Test func anEquationOverLettersIsWorkedOutWithTheNumbersOfTheQuestion() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let checkpoint = try await trained(database, worker)
        let dropped: Double = try await database.pool.one(
            "SELECT (metrics ->> 'dropped_examples')::float8 FROM hone.checkpoints WHERE id = \(checkpoint)")
        #expect(dropped == 1)

        let evaluation = try await JobQueue(database.pool).enqueue(
            "evaluate",
            payload: PostgresJSON(text: #"{"checkpoint": \#(checkpoint), "dataset": "sales", "split": "train"}"#))
        try await worker.runUntilIdle()
        let texts = try await database.pool.query(
            "SELECT text FROM hone.samples WHERE job_id = \(evaluation) AND verdict = 'correct' ORDER BY ordinal")
        #expect(texts.count == 12)
        #expect(try texts[0].decode("text", as: String.self) == "21-1=20\n#### 20")
        let right: Int = try await database.pool.one(
            "SELECT (progress ->> 'right')::int FROM hone.jobs WHERE id = \(evaluation)")
        #expect(right == 12)
    }

    @Test func aPolicyIsNotTrainedFromEquationsAlone() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let checkpoint = try await trained(database, worker)
        let job = try await JobQueue(database.pool).enqueue(
            "train.ppo",
            payload: PostgresJSON(
                text: """
                    {"dataset": "sales", "split": "train", "model": "policy", "initial_checkpoint": \(checkpoint),
                     "configuration": {"steps": 2}}
                    """))
        try await worker.runUntilIdle()
        let error: String = try await database.pool.one("SELECT error FROM hone.jobs WHERE id = \(job)")
        #expect(error.contains("\"initial_checkpoint\" writes equations alone"))
    }
}
