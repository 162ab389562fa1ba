import HoneCatalog
import HonePostgres
import HoneTesting
import Testing

/// A data cut stays what it was.
@Suite(.temporaryDatabase) struct DataCutTests {
    private func ingest(_ prompts: [String], split: String = "train", _ session: any PostgresSession) async throws {
        let rows = prompts.map { PostgresJSON(text: #"{"prompt": "\#($0)", "answer": "1", "split": "\#(split)"}"#) }
        try await session.query("SELECT hone.ingest('d', \(rows))")
    }

    @Test func whatCommitsLaterDoesNotBelongEvenWithASmallerId() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ingest(["a"], pool)
        let cut = try await pool.withTransaction { slow in
            try await slow.execute(
                """
                INSERT INTO hone.examples (dataset_id, prompt, answer, content_hash)
                SELECT id, 'b', '1', hone.example_hash('b', '1') FROM hone.datasets WHERE name = 'd'
                """)
            try await ingest(["c", "d"], pool)
            return try await DataCut.take(dataset: "d", split: "train", from: pool)
        }
        try await ingest(["e"], split: "test", pool)
        #expect(cut.count == 3)
        #expect(try await cut.examples(from: pool).map(\.prompt) == ["a", "c", "d"])
        #expect(try await cut.examples(CutSelection(limit: 2), from: pool).map(\.prompt) == ["a", "c"])
    }

    @Test func anEmptySplitAndAnUnknownDatasetAreSaid() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await ingest(["a"], pool)
        await #expect(throws: CatalogError.noExamples(dataset: "d", split: "test")) {
            try await DataCut.take(dataset: "d", split: "test", from: pool)
        }
        await #expect(throws: CatalogError.unknownDataset("e")) {
            try await DataCut.take(dataset: "e", split: "test", from: pool)
        }
    }
}
