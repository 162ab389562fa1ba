import Foundation
import HoneDatasets
public import HonePostgres

/// Writes what came of a batch: one line a request, to the output file or the error file.
public struct BatchResults: Sendable {
    private let batch: Int64
    private let out: String
    private let errors: String

    /// How far a batch is, in the words of the OpenAI API.
    public struct Status: Sendable, Equatable, Codable {
        public let id: Int64
        public let file: String
        public let model: String?
        public let queue: String
        public let status: String
        public let total: Int64
        public let completed: Int64
        public let failed: Int64
    }

    /// Lines that were written.
    public struct Count: Sendable, Equatable, Encodable {
        public var completed = 0
        public var failed = 0

        public init() {}
    }

    /// - Parameters:
    ///   - batch: its id
    ///   - out: the file of the answers; it is there when it is whole
    ///   - errors: the file of the lines that failed
    public init(of batch: Int64, out: String, errors: String) {
        self.batch = batch
        self.out = out
        self.errors = errors
    }

    /// Writes the lines that have ended so far, in the order of the file.
    /// - Throws: `BatchError`, `AsideFile.Unwritable`, or the server's error.
    public nonisolated(nonsending) func write(
        from connection: PostgresConnection, progress: (Count) -> Void = { _ in }
    ) async throws -> Count {
        guard try await Self.status(of: batch, in: connection).first != nil else {
            throw BatchError.unknown(batch: batch)
        }
        var count = Count()
        var outFile = try AsideFile(out)
        var errorFile = try AsideFile(errors)
        try await connection.withRows(
            of: PostgresQuery(
                "SELECT failed, output FROM hone.batch_output WHERE batch_id = \(batch) ORDER BY line"
            ).named("read the results of a batch")
        ) { rows in
            for try await row in rows {
                let (failed, line) = try row.decode(Bool.self, String.self)
                if failed {
                    try errorFile.write(line.utf8)
                    count.failed += 1
                } else {
                    try outFile.write(line.utf8)
                    count.completed += 1
                }
                if (count.failed + count.completed).isMultiple(of: 10_000) { progress(count) }
            }
        }
        try outFile.finish()
        try errorFile.finish()
        return count
    }

    /// How far batches are: one, or all, the newest first.
    public static func status(
        of batch: Int64? = nil, in session: some PostgresSession
    ) async throws -> [Status] {
        try await session.query(
            PostgresQuery(
                """
                SELECT jsonb_build_object('id', id, 'file', file, 'model', model, 'queue', queue, 'status', status,
                    'total', total, 'completed', completed, 'failed', failed) AS line
                FROM hone.batch_status WHERE \(batch)::bigint IS NULL OR id = \(batch) ORDER BY id DESC LIMIT 100
                """
            ).named("look how far batches are")
        ).map { try $0.decode("line", as: PostgresJSON.self).decode(Status.self) }
    }
}
