import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

@testable import HoneWorker

/// Files that the worker reads into datasets.
@Suite(.temporaryDatabase) struct IngestTests {
    /// Ends the session of the second statement that adds examples; the sequence outlives the transaction.
    private func loseOneConnection(of pool: PostgresPool) async throws {
        for statement in [
            "CREATE SEQUENCE hone.insertions",
            """
            CREATE FUNCTION hone.hang_up() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('hone.insertions') = 2 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
                RETURN NULL;
            END $$
            """,
            "CREATE TRIGGER hang_up AFTER INSERT ON hone.examples FOR EACH STATEMENT EXECUTE FUNCTION hone.hang_up()",
        ] {
            try await pool.execute(PostgresQuery(unsafeSQL: statement))
        }
    }

    @Test func aFileIsReadFromItsStartAgainWhenTheConnectionWasLost() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let file = FileManager.default.temporaryDirectory.appending(path: "hone-ingest-\(UUID().uuidString).jsonl")
        let lines = (0..<20_000).map { #"{"prompt": "\#($0)+0=?", "answer": "\#($0)"}"# }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        try await loseOneConnection(of: database.pool)
        let job = try await JobQueue(database.pool).enqueue(
            "ingest", payload: PostgresJSON(encoding: ["dataset": "d", "path": file.path]))
        try await worker.runUntilIdle()
        let status = try await database.pool.query("SELECT state, error FROM hone.job_status WHERE id = \(job)")[0]
        let error: String? = try status.decode("error")
        #expect(error == nil)
        #expect(try status.decode("state") == "succeeded")
        #expect(try await database.pool.one("SELECT last_value > 40 FROM hone.insertions") as Bool)
        #expect(try await database.pool.one("SELECT (result ->> 'added')::bigint FROM hone.results") == lines.count)
        #expect(try await database.pool.one("SELECT count(*) FROM hone.examples") == lines.count)
    }

    @Test func aShareOfTheTrainingProblemsIsAnsweredAtOnceAndTheSameOnesEachTime() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        let payload = PostgresJSON(
            text: """
                {"dataset": "habits", "generate": {
                    "seed": 1, "levels": [1], "train_count": 400, "test_count": 40, "answered_at_once": 0.25}}
                """)
        _ = try await JobQueue(database.pool).enqueue("ingest", payloads: [payload, payload])
        try await worker.runUntilIdle()
        let shown = try await database.pool.query(
            """
            SELECT e.split, count(*) AS count, count(*) FILTER (WHERE jsonb_array_length(e.steps) = 0) AS without
            FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id AND d.name = 'habits'
            GROUP BY e.split ORDER BY e.split
            """
        ).map { try $0.decode(String.self, Int.self, Int.self) }
        #expect(shown.map(\.0) == ["test", "train"])
        #expect(shown.map(\.1) == [40, 400])
        #expect(shown[0].2 == 0)
        #expect((70...130).contains(shown[1].2), "a quarter of 400")
    }

    @Test func aShareBeyondAllIsRefusedByItsName() {
        let json = """
            {"dataset": "d", "generate": {"seed": 1, "train_count": 1, "test_count": 1, "answered_at_once": 1.5}}
            """
        let error = #expect(throws: WorkerError.self) { try IngestPayload(json: Data(json.utf8)) }
        #expect(error?.description.contains("answered_at_once") == true)
    }
}
