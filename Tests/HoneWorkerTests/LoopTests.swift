import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

/// The whole loop on a real database, with a network too small to be right.
@Suite(.temporaryDatabase) struct LoopTests {
    @Test func aRunTrainsMeasuresPromotesAndThenQuestionsAreAnswered() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let pool = database.pool
        let run = try await TinyModel.start(in: pool)
        try await worker.runUntilIdle()
        let errors = try await pool.query("SELECT stage, error FROM hone.job_status WHERE error IS NOT NULL")
        #expect(try errors.map { try $0.decode(String.self, String.self) }.map { "\($0): \($1)" } == [])
        #expect(try await pool.one("SELECT state FROM hone.run_status WHERE id = \(run)") == "succeeded")
        let active: Int64 = try await pool.one("SELECT checkpoint_id FROM hone.active_checkpoints WHERE model = 'tiny'")

        let queue = JobQueue(pool)
        let good = try await queue.enqueue(
            "reason",
            payloads: (1...5).map {
                PostgresJSON(text: #"{"prompt": "\#($0)+1=?", "answer": "\#($0 + 1)", "max_new_tokens": 6}"#)
            })
        let twice = try await queue.enqueue(
            "reason", payload: PostgresJSON(text: #"{"prompt": "1+1=?", "samples": 2, "temperature": 1}"#))
        let bad = try await queue.enqueue("reason", payload: PostgresJSON(text: #"{"prompt": "1+1=?", "top_q": 1}"#))
        let lost = try await queue.enqueue(
            "reason", payload: PostgresJSON(text: #"{"prompt": "1+1=?", "example_id": 123456}"#))
        try await worker.runUntilIdle()

        let failures = try await pool.query(
            "SELECT DISTINCT error FROM hone.job_status WHERE id = ANY (\(good)) AND error IS NOT NULL")
        let messages = try failures.map { try $0.decode("error", as: String.self) }
        #expect(messages == [])
        let answered: Int = try await pool.one(
            """
            SELECT count(*) FROM hone.results r JOIN hone.samples s USING (job_id)
            WHERE r.job_id = ANY (\(good)) AND s.verdict IS NOT NULL AND s.checkpoint_id = \(active)
                AND (r.result ->> 'checkpoint')::bigint = \(active) AND r.result ->> 'text' = s.text
            """)
        #expect(answered == 5)
        #expect(try await pool.one("SELECT count(*) FROM hone.samples WHERE job_id = \(twice)") == 2)
        #expect(
            try await pool.one("SELECT error FROM hone.jobs WHERE id = \(bad) AND state = 'failed'", as: String.self)
                .contains("\"top_q\""))
        #expect(
            try await pool.one("SELECT error FROM hone.jobs WHERE id = \(lost) AND state = 'failed'", as: String.self)
                .contains("\"example_id\""))
        #expect(try await pool.query("SELECT * FROM hone.audit()").isEmpty)
    }

    @Test func aGateThatIsNotPassedFailsAndCancelsThePromotion() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let run = try await TinyModel.start(require: #"{"level1_accuracy": 1.5}"#, in: database.pool)
        try await worker.runUntilIdle()
        let rows = try await database.pool.query(
            "SELECT stage, state, error FROM hone.job_status WHERE run_id = \(run) ORDER BY id")
        let states = try rows.map { try $0.decode("state", as: String.self) }
        #expect(states == ["succeeded", "succeeded", "succeeded", "failed", "cancelled"])
        #expect(try rows[3].decode("error", as: String.self).contains("level1_accuracy is 0.0, below 1.5"))
        #expect(try await database.pool.one("SELECT count(*) FROM hone.gate_decisions WHERE NOT passed") == 1)
        #expect(try await database.pool.one("SELECT count(*) FROM hone.promotions") == 0)
    }

    @Test func aSecondCandidateIsComparedWithTheActiveOneOnTheSameExamples() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        for _ in 1...2 {
            _ = try await TinyModel.start(in: database.pool)
            try await worker.runUntilIdle()
        }
        #expect(try await database.pool.one("SELECT count(*) FROM hone.promotions") == 2)
        #expect(try await database.pool.one("SELECT count(*) FROM hone.examples") == 96)
        let compared: Int = try await database.pool.one(
            "SELECT (evidence -> 'comparison' ->> 'count')::bigint FROM hone.gate_decisions ORDER BY id DESC LIMIT 1")
        #expect(compared == 16)
    }
}
