public import Foundation
public import HoneDatasets
public import HonePostgres

/// The examples of a dataset that had arrived at one moment: what was trained or measured on, for good.
public struct DatasetCut: Sendable, Hashable, Codable {
    public let dataset: String
    public let datasetID: Int32
    /// Nil stands for all splits.
    public let split: String?
    /// The greatest example id that belongs to the cut.
    public let lastID: Int64
    public let exampleCount: Int

    enum CodingKeys: String, CodingKey {
        case dataset, split
        case datasetID = "dataset_id"
        case lastID = "last_id"
        case exampleCount = "example_count"
    }
}

/// An example with its place in the database.
public struct StoredExample: Sendable, Equatable {
    public let id: Int64
    public let example: Example
}

extension Datasets {
    /// What a dataset holds now.
    ///
    /// Ingestions into the dataset that are under way are waited for: their examples have smaller ids than some that
    /// are there, and would turn up in the cut later.
    /// - Throws: `CatalogError` if there is no such dataset or nothing in the split.
    public static func cut(
        _ dataset: String, split: String? = nil, in session: some PostgresSession
    ) async throws -> DatasetCut {
        try await session.query(
            PostgresQuery("SELECT pg_advisory_xact_lock_shared(hashtextextended('hone.ingest ' || \(dataset), 0))")
                .named("wait for ingestions"))
        let found = try await session.query("SELECT id FROM hone.datasets WHERE name = \(dataset)")
        guard let id = try found.first?.decode("id", as: Int32.self) else { throw CatalogError.unknownDataset(dataset) }
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT count(*) AS examples, max(id) AS last FROM hone.examples
                WHERE dataset_id = \(id) AND (\(split)::text IS NULL OR split = \(split))
                """
            ).named("cut a dataset"))
        guard let last = try rows[0].decode("last", as: Int64?.self) else {
            throw CatalogError.emptySplit(dataset: dataset, split: split ?? "any")
        }
        return DatasetCut(
            dataset: dataset, datasetID: id, split: split, lastID: last, exampleCount: try rows[0].decode("examples"))
    }

    /// The next examples of a cut in order of id, at most `limit`; empty at its end.
    /// - Parameters:
    ///   - cut: what belongs.
    ///   - id: where the page before ended; 0 to begin.
    ///   - limit: how many at most.
    ///   - session: where to read.
    /// - Returns: The page.
    /// - Throws: `PostgresError`.
    public static func page(
        of cut: DatasetCut, after id: Int64 = 0, limit: Int = 1000, in session: some PostgresSession
    ) async throws -> [StoredExample] {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT id, prompt, answer, steps, split, source, level, metadata FROM hone.examples
                WHERE dataset_id = \(cut.datasetID) AND id > \(id) AND id <= \(cut.lastID)
                    AND (\(cut.split)::text IS NULL OR split = \(cut.split))
                ORDER BY id LIMIT \(limit)
                """
            ).named("read examples"))
        return try rows.map(StoredExample.init)
    }

    /// Hands all examples of a cut to `body`, a page at a time.
    public static func forEachPage(
        of cut: DatasetCut, in session: some PostgresSession, _ body: ([StoredExample]) async throws -> Void
    ) async throws {
        var last: Int64 = 0
        while true {
            let page = try await page(of: cut, after: last, in: session)
            guard let end = page.last?.id else { return }
            try await body(page)
            last = end
        }
    }

    /// All examples of a cut at once; for cuts that fit in memory.
    public static func examples(of cut: DatasetCut, in session: some PostgresSession) async throws -> [StoredExample] {
        var all: [StoredExample] = []
        all.reserveCapacity(cut.exampleCount)
        try await forEachPage(of: cut, in: session) { all += $0 }
        return all
    }

    /// Writes a cut as JSON lines, in the keys that `hone ingest` reads.
    public static func export(
        _ cut: DatasetCut, in session: some PostgresSession, write: (Data) async throws -> Void
    ) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try await forEachPage(of: cut, in: session) { page in
            var lines = Data()
            for stored in page { lines += try encoder.encode(stored.example) + [UInt8(ascii: "\n")] }
            try await write(lines)
        }
    }
}

extension StoredExample {
    fileprivate init(_ row: PostgresRow) throws {
        id = try row.decode("id")
        example = Example(
            prompt: try row.decode("prompt"), answer: try row.decode("answer"),
            steps: try row.decode("steps", as: PostgresJSON.self).decode(), split: try row.decode("split"),
            source: try row.decode("source"), level: try row.decode("level", as: Int16?.self).map(Int.init),
            metadata: try row.decode("metadata", as: PostgresJSON.self).decode())
    }
}
