public import Foundation
public import HoneDatasets
public import HonePostgres

/// How an ingestion went.
public struct IngestReport: Sendable, Hashable, Encodable {
    public let dataset: String
    /// Examples read so far.
    public internal(set) var readCount = 0
    /// Those that the dataset did not have.
    public internal(set) var addedCount = 0
    /// Those that it had, or that came twice.
    public var duplicateCount: Int { readCount - addedCount }

    public init(dataset: String) {
        self.dataset = dataset
    }

    /// Adds what came after in the same ingestion.
    public static func += (report: inout IngestReport, next: IngestReport) {
        report.readCount += next.readCount
        report.addedCount += next.addedCount
    }
}

/// Datasets and their examples in the database.
public enum Datasets {
    private static let batchCount = 500
    private static let batchByteCount = 4 << 20

    /// Ingests a file in a transaction of its own: all of it, or nothing if a row is bad.
    /// - Parameters:
    ///   - reader: at the file's beginning.
    ///   - dataset: made if it does not exist.
    ///   - pool: where the dataset is.
    ///   - progress: called after each batch.
    /// - Returns: How many examples were read and how many were new.
    /// - Throws: `DatasetError` with the line of a bad row, or `PostgresError`.
    public static func ingest(
        _ reader: ExampleReader, into dataset: String, using pool: PostgresPool,
        progress: (IngestReport) -> Void = { _ in }
    ) async throws -> IngestReport {
        var reader = reader
        return try await pool.withTransaction { connection in
            try await ingest({ try reader.next() }, into: dataset, in: connection, progress: progress)
        }
    }

    /// Ingests in the caller's transaction what `next` gives, up to nil.
    @discardableResult
    public static func ingest(
        _ next: () throws -> Example?, into dataset: String, in connection: PostgresConnection,
        progress: (IngestReport) -> Void = { _ in }
    ) async throws -> IngestReport {
        var report = IngestReport(dataset: dataset)
        var batch: [PostgresJSON] = []
        var byteCount = 0
        while let example = try next() {
            let json = try PostgresJSON(encoding: example)
            batch.append(json)
            byteCount += json.data.count
            report.readCount += 1
            guard batch.count == batchCount || byteCount > batchByteCount else { continue }
            report.addedCount += try await add(batch, to: dataset, in: connection)
            progress(report)
            (batch, byteCount) = ([], 0)
        }
        if !batch.isEmpty { report.addedCount += try await add(batch, to: dataset, in: connection) }
        progress(report)
        return report
    }

    private static func add(
        _ examples: [PostgresJSON], to dataset: String, in connection: PostgresConnection
    ) async throws -> Int {
        let rows = try await connection.query(
            PostgresQuery("SELECT hone.ingest(\(dataset), \(examples)) AS added").named("ingest examples"))
        return try rows[0].decode("added")
    }

    /// All datasets by name, with how much each holds.
    public static func list(in session: some PostgresSession) async throws -> [DatasetSummary] {
        try await summaries(named: nil, in: session)
    }

    /// One dataset.
    /// - Throws: `CatalogError.unknownDataset`.
    public static func summary(of dataset: String, in session: some PostgresSession) async throws -> DatasetSummary {
        guard let summary = try await summaries(named: dataset, in: session).first else {
            throw CatalogError.unknownDataset(dataset)
        }
        return summary
    }

    private static func summaries(
        named name: String?, in session: some PostgresSession
    ) async throws -> [DatasetSummary] {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT d.id, d.name, d.created_at, e.split, count(e.id) AS examples, max(e.arrived_at) AS latest,
                    count(*) FILTER (WHERE jsonb_array_length(e.steps) > 0) AS with_steps
                FROM hone.datasets d LEFT JOIN hone.examples e ON e.dataset_id = d.id
                WHERE \(name)::text IS NULL OR d.name = \(name)
                GROUP BY d.id, e.split ORDER BY d.name, e.split
                """
            ).named("list datasets"))
        var summaries: [DatasetSummary] = []
        for row in rows {
            let name: String = try row.decode("name")
            if summaries.last?.name != name {
                summaries.append(
                    DatasetSummary(
                        id: try row.decode("id", as: Int32.self), name: name, createdAt: try row.decode("created_at")))
            }
            guard let split = try row.decode("split", as: String?.self) else { continue }
            summaries[summaries.count - 1].splits.append(
                SplitSummary(
                    split: split, exampleCount: try row.decode("examples"),
                    withStepsCount: try row.decode("with_steps"), latestArrival: try row.decode("latest")))
        }
        return summaries
    }
}

/// A dataset and what it holds, split by split.
public struct DatasetSummary: Sendable, Encodable {
    public let id: Int32
    public let name: String
    public let createdAt: Date
    public fileprivate(set) var splits: [SplitSummary] = []

    public var exampleCount: Int { splits.reduce(0) { $0 + $1.exampleCount } }
}

/// One split of a dataset.
public struct SplitSummary: Sendable, Encodable {
    public let split: String
    public let exampleCount: Int
    /// Examples with worked steps.
    public let withStepsCount: Int
    public let latestArrival: Date
}
