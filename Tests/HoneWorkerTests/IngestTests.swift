import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

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
}
