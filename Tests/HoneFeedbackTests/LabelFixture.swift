import HonePostgres
import HoneTesting
import Testing

@testable import HoneFeedback

/// Samples to ask about, written by hand: what a checkpoint would have answered.
enum LabelFixture {
    /// So many questions with `answers` different answers each, by two checkpoints in turn.
    static func samples(_ questionCount: Int, answers: Int = 2, in pool: PostgresPool) async throws {
        try await pool.execute("INSERT INTO hone.models (name) VALUES ('m') ON CONFLICT DO NOTHING")
        try await pool.execute(
            """
            INSERT INTO hone.checkpoints (model_id, step, config)
            SELECT id, g, '{}' FROM hone.models, generate_series(1, 2) g
            """
        )
        try await pool.query(
            """
            SELECT hone.ingest('sums', ARRAY(
                SELECT jsonb_build_object('prompt', n || '+1=?', 'answer', (n + 1)::text)
                FROM generate_series(1, \(questionCount)) n))
            """)
        try await pool.execute(
            """
            INSERT INTO hone.samples (job_id, fence, ordinal, checkpoint_id, example_id, prompt, text, token_ids, steps,
                answer, finish_reason, verdict)
            SELECT e.id, 1, k, 1 + k % 2, e.id, e.prompt, format(E'%s1=%s\\n#### %s', left(e.prompt, -3), a, a),
                '{1}', jsonb_build_array(
                    jsonb_build_object('text', format('%s1=%s', left(e.prompt, -3), a), 'ok', k = 0),
                    jsonb_build_object('text', 'so it is ' || a, 'ok', null)), a, 'stop',
                CASE WHEN k = 0 THEN 'correct' ELSE 'wrong' END
            FROM hone.examples e, generate_series(0, \(answers - 1)) k,
                LATERAL (SELECT (e.answer::integer + k)::text) x(a)
            """)
    }

    static func create(_ request: LabelRequest, wanted: Int = 1, in pool: PostgresPool) async throws -> Int {
        var request = request
        request.wanted = wanted
        return try await LabelTasks.create(request, in: pool)
    }

    /// Lets every lease run out, as if time had passed.
    static func expireLeases(in session: any PostgresSession) async throws {
        // In one order, or two that do this at once would wait for each other.
        try await session.execute(
            """
            UPDATE hone.task_leases SET lease_until = clock_timestamp() - interval '1 s'
            WHERE job_id IN (SELECT job_id FROM hone.task_leases ORDER BY job_id FOR UPDATE)
            """)
    }
}

extension PostgresSession {
    func value<Value: PostgresDecodable & Sendable>(
        _ query: PostgresQuery, as type: Value.Type = Value.self
    ) async throws -> Value {
        try await self.query(query)[0].decode(type)
    }

    /// Nothing is amiss, in the queue nor in the labels.
    func expectSoundLabels(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let faults = try await query("SELECT fault FROM hone.label_audit()").map { try $0.decode(String.self) }
        #expect(faults == [], sourceLocation: sourceLocation)
        #expect(try await value("SELECT count(*) FROM hone.audit()") == 0, sourceLocation: sourceLocation)
    }
}

func expectRefusal(
    _ state: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let error = await #expect(throws: PostgresError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.sqlState?.rawValue == state, sourceLocation: sourceLocation)
}
