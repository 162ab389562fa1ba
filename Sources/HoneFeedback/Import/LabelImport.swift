public import Foundation
import HoneDatasets
public import HonePostgres

/// How an import of labels went.
public struct LabelImportReport: Sendable, Hashable, Encodable {
    public let origin: String
    public internal(set) var rowCount = 0
    /// Rows that say nothing that counts, such as a problem that was given up.
    public internal(set) var emptyRowCount = 0
    public internal(set) var labelCount = 0
    /// Labels that were not there yet.
    public internal(set) var addedCount = 0
}

/// Reads published labels into the database.
public enum LabelImport {
    private static let batchCount = 250

    /// Imports a file in a transaction of its own: all of it, or nothing if a row is bad.
    /// - Parameters:
    ///   - file: JSON lines, not compressed.
    ///   - format: whose form it has.
    ///   - origin: under what name the labels are kept; the format's if nil.
    ///   - pool: where to.
    ///   - progress: called after each batch.
    /// - Returns: How many rows and labels there were, and how many labels were new.
    /// - Throws: `DatasetError` with the line of a bad row, or `PostgresError`.
    public static func run(
        file: URL, format: LabelFormat, origin: String? = nil, using pool: PostgresPool,
        progress: (LabelImportReport) -> Void = { _ in }
    ) async throws -> LabelImportReport {
        try await pool.withTransaction { transaction in
            var report = LabelImportReport(origin: origin ?? format.rawValue)
            var batch: [PostgresJSON] = []
            try await format.forEachRow(of: LabelFile(file: file)) { labels in
                report.rowCount += 1
                if labels.isEmpty { report.emptyRowCount += 1 }
                report.labelCount += labels.count
                batch += try labels.map { try PostgresJSON(encoding: $0) }
                guard batch.count >= batchCount else { return }
                report.addedCount += try await add(batch, from: report.origin, in: transaction)
                batch = []
                progress(report)
            }
            if !batch.isEmpty { report.addedCount += try await add(batch, from: report.origin, in: transaction) }
            return report
        }
    }

    private static func add(
        _ labels: [PostgresJSON], from origin: String, in transaction: PostgresConnection
    ) async throws -> Int {
        try await transaction.query(
            PostgresQuery("SELECT hone.import_labels(\(origin), \(labels)) AS added").named("import labels"))[0]
            .decode("added")
    }
}

/// A file of labels, read row by row.
struct LabelFile {
    let file: URL

    nonisolated(nonsending) func forEachRow<Row: LabelRow>(
        _ type: Row.Type, _ body: ([ImportedLabel]) async throws -> Void
    ) async throws {
        var reader = try JSONLineReader<Row>(file: file)
        while let row = try reader.next() {
            let labels: [ImportedLabel]
            do throws(LabelRowFault) {
                labels = try row.labels()
            } catch {
                throw reader.fault(error.reason)
            }
            if let fault = labels.lazy.compactMap(\.fault).first { throw reader.fault(fault) }
            try await body(labels)
        }
    }
}
