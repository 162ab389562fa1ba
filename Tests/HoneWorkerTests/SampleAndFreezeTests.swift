import HonePostgres
import HoneQueue
import HoneTesting
import Testing

/// The stages between a served model and a reward model: answers, questions about them, labels, a freeze.
@Suite(.temporaryDatabase) struct SampleAndFreezeTests {
    private func run(_ kind: String, _ payload: String, _ floor: GateFloor) async throws -> PostgresJSON {
        let job = try await JobQueue(floor.pool).enqueue(kind, payload: PostgresJSON(text: payload))
        try await floor.worker.runUntilIdle()
        let error: String? = try await floor.pool.one(
            "SELECT error FROM hone.job_status WHERE id = \(job)", as: String?.self)
        try #require(error == nil, "\(error ?? "")")
        return try await floor.pool.one("SELECT result FROM hone.results WHERE job_id = \(job)")
    }

    private struct Sampled: Decodable {
        let samples: Int
        let tasks: Int
    }

    private struct Frozen: Decodable {
        let freeze: String
        let rows: Int
        let labels: Int?
        let sha256: String
    }

    @Test func promptsOfEachLevelAreTakenEqually() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let checkpoint = try await floor.train(on: "twos", steps: 2)
        _ = try await run("ingest", TinyModel.ingest, floor)
        _ = try await run(
            "sample",
            #"{"checkpoint": \#(checkpoint), "dataset": "tiny", "per_level": 3, "samples": 2, "max_new_tokens": 4}"#,
            floor)
        let perLevel = try await floor.pool.query(
            """
            SELECT e.level::bigint AS level, count(*) AS count
            FROM hone.samples s JOIN hone.examples e ON e.id = s.example_id
            WHERE s.checkpoint_id = \(checkpoint) GROUP BY 1 ORDER BY 1
            """
        ).map { try $0.decode(Int.self, Int.self) }
        #expect(perLevel.map(\.0) == [1, 2])
        #expect(perLevel.map(\.1) == [6, 6])
    }

    @Test(.timeLimit(.minutes(4))) func answersAreAskedAboutLabelledAndFrozen() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let checkpoint = try await floor.train(on: "twos", steps: 2)
        let sampled = try await run(
            "sample",
            """
            {"checkpoint": \(checkpoint), "dataset": "twos", "limit": 10, "samples": 3, "max_new_tokens": 8, "seed": 1,
             "label": {"kinds": ["preference"], "source": "simulated", "per_prompt": 2}}
            """, floor
        ).decode(Sampled.self)
        #expect(sampled.samples == 30)
        #expect(sampled.tasks == 20)
        let answers: Int = try await floor.pool.one(
            "SELECT count(DISTINCT (example_id, text)) FROM hone.samples WHERE checkpoint_id = \(checkpoint)")
        #expect(answers > 25, "an untrained model says something else each time")

        _ = try await run("annotate", #"{"seed": 1, "kinds": ["preference"], "utility": {"brevity": 1}}"#, floor)
        let frozen = try await run(
            "freeze",
            #"{"name": "pairs", "kind": "preference", "source": "simulated", "checkpoint": \#(checkpoint)}"#, floor
        ).decode(Frozen.self)
        #expect(frozen.freeze.hasPrefix("pairs-"))
        #expect(frozen.labels == 20)
        #expect(
            try await floor.pool.one(
                """
                SELECT encode(sha256, 'hex') = \(frozen.sha256) AND row_count = \(frozen.rows) FROM hone.freezes
                WHERE name = \(frozen.freeze)
                """))
    }

    @Test(arguments: [
        ("sample", #"{"checkpoint": 1, "dataset": "d", "samples": 0}"#, "\"samples\" must be between"),
        (
            "sample", #"{"checkpoint": 1, "dataset": "d", "samples": 1, "label": {"kind": "rating"}}"#,
            "\"label.kind\" is not an option here"
        ),
        ("freeze", #"{"name": "a b", "kind": "steps"}"#, "\"name\" is 'a b'"),
        ("freeze", #"{"name": "a", "kind": "rating"}"#, "\"kind\" is rating"),
        ("freeze", #"{"name": "a", "kind": "steps"}"#, "there are no steps labels of source person"),
        ("train.dpo", #"{"freeze": "a", "model": "m", "initial_checkpoint": 1, "configuration": {}}"#, "steps"),
    ])
    func whatCannotBeMeantFailsForGoodByItsKey(kind: String, payload: String, message: String) async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        let job = try await JobQueue(database.pool).enqueue(kind, payload: PostgresJSON(text: payload))
        try await worker.runUntilIdle()
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let error: String = try await database.pool.one(
            "SELECT error FROM hone.job_status WHERE id = \(job) AND state = 'failed'")
        #expect(error.contains(message), "\(error)")
    }
}
