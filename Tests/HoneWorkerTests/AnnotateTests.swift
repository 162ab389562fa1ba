import HonePostgres
import HoneQueue
import HoneTesting
import Testing

/// Simulated annotators as jobs.
@Suite(.temporaryDatabase) struct AnnotateTests {
    /// 200 questions with a right and a wrong answer each, and tasks for simulation that want 3 labels.
    private func ask(in pool: PostgresPool) async throws {
        for statement: PostgresQuery in [
            "INSERT INTO hone.models (name) VALUES ('m')",
            "INSERT INTO hone.checkpoints (model_id, step, config) SELECT id, 1, '{}' FROM hone.models",
            """
            SELECT hone.ingest('sums', ARRAY(
                SELECT jsonb_build_object('prompt', n || '+1=?', 'answer', (n + 1)::text)
                FROM generate_series(1, 200) n))
            """,
            """
            INSERT INTO hone.samples (
                job_id, fence, ordinal, checkpoint_id, example_id, prompt, text, token_ids, steps, finish_reason)
            SELECT e.id, 1, k, c.id, e.id, e.prompt,
                format(E'%s+1=%s\\n#### %s', e.answer::integer - 1, e.answer::integer + k, e.answer::integer + k),
                '{1}',
                jsonb_build_array(jsonb_build_object(
                    'text', format('%s+1=%s', e.answer::integer - 1, e.answer::integer + k))), 'stop'
            FROM hone.examples e, hone.checkpoints c, generate_series(0, 1) k ORDER BY e.id, k
            """,
            "SELECT hone.create_label_tasks('preference', dataset => 'sums', wanted => 3, source => 'simulated')",
            "SELECT hone.create_label_tasks('steps', dataset => 'sums', source => 'simulated')",
            "SELECT hone.create_label_tasks('rating', dataset => 'sums')",
        ] {
            try await pool.query(statement)
        }
    }

    /// How many preferences are for the right answer.
    private func rightCount(_ labeller: String, in pool: PostgresPool) async throws -> Int {
        try await pool.one(
            """
            SELECT count(*) FROM hone.all_judgements j WHERE j.labeller = \(labeller) AND j.kind = 'preference'
                AND j.preferred = 'first' AND j.source = 'simulated'
            """)
    }

    @Test func theyErrAtTheirRateAreMarkedAndNeverAnswerForPeople() async throws {
        let database = try TemporaryDatabase.current
        let pool = database.pool
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        try await ask(in: pool)
        let queue = JobQueue(pool)
        for payload in [
            #"{"seed": 1, "name": "exact", "kinds": ["preference"]}"#,
            #"{"seed": 2, "name": "noisy", "flip_rate": 0.15, "kinds": ["preference"]}"#,
            #"{"seed": 3, "name": "contrary", "flip_rate": 1, "kinds": ["preference"], "utility": {"answer": 1}}"#,
            #"{"seed": 4, "kinds": ["steps"]}"#,
        ] {
            try await queue.enqueue("annotate", payload: PostgresJSON(text: payload))
        }
        try await worker.runUntilIdle()
        let errors = try await pool.query("SELECT error FROM hone.job_status WHERE kind = 'annotate' AND error <> ''")
        #expect(try errors.map { try $0.decode(String.self) } == [])
        #expect(try await rightCount("exact", in: pool) == 200)
        #expect(try await rightCount("contrary", in: pool) == 0)
        // 200 draws at 15 %: 30 flips, with a standard deviation of 5.
        let noisy = try await rightCount("noisy", in: pool)
        #expect((150...190).contains(noisy))
        #expect(
            try await pool.one(
                """
                SELECT count(*) FROM hone.all_judgements j JOIN hone.samples s ON s.id = j.sample_id
                WHERE j.labeller = 'simulated-4'
                    AND j.judgement = jsonb_build_object('ratings', jsonb_build_array(1 - 2 * s.ordinal))
                """) == 400)
        #expect(try await pool.one("SELECT count(*) FROM hone.judgements") == 0, "no people's label")
        #expect(try await pool.query("SELECT * FROM hone.label_audit()").isEmpty)
    }

    @Test func theSameSeedErrsOnTheSameTasks() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        try await ask(in: database.pool)
        for name in ["one", "two"] {
            try await JobQueue(database.pool).enqueue(
                "annotate",
                payload: PostgresJSON(
                    text: #"{"seed": 9, "name": "\#(name)", "flip_rate": 0.3, "kinds": ["preference"], "limit": 150}"#))
        }
        try await worker.runUntilIdle()
        let differences: Int = try await database.pool.one(
            """
            SELECT count(*) FROM hone.all_judgements a JOIN hone.all_judgements b USING (task_id)
            WHERE a.labeller = 'one' AND b.labeller = 'two' AND a.preferred <> b.preferred
            """)
        #expect(differences == 0)
        #expect(try await database.pool.one("SELECT count(*) FROM hone.all_judgements") == 300)
    }

    @Test(arguments: [
        #"{"seed": 1, "kinds": ["correction"]}"#, #"{"seed": 1, "flip_rate": 2}"#, #"{"flip_rate": 0.1}"#,
        #"{"seed": 1, "limit": 0}"#, #"{"seed": 1, "utility": {"foo": 1}}"#, #"{"seed": 1, "utility": {}}"#,
        #"{"seed": 1, "utility": {"answer": 0, "brevity": 0}}"#,
    ]) func aPayloadThatMakesNoSenseFailsForGood(_ payload: String) async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let job = try await JobQueue(database.pool).enqueue("annotate", payload: PostgresJSON(text: payload))
        try await worker.runUntilIdle()
        let error: String = try await database.pool.one(
            "SELECT error FROM hone.jobs WHERE id = \(job) AND state = 'failed'")
        #expect(error.hasPrefix("payload: "))
    }
}
