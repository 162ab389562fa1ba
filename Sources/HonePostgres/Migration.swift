import Crypto
public import Foundation

/// One numbered step of the schema.
public struct Migration: Sendable, Hashable {
    /// Its place in the order, the number that the file's name begins with.
    public let version: Int
    /// The file's name without its ending: `0001_queue`.
    public let name: String
    public let sql: String

    /// Takes a file such as `0001_queue.sql`; a name that does not begin with a number is a programmer's error.
    public init(fileName: String, sql: String) {
        guard let version = Int(fileName.prefix { $0.isNumber }) else {
            preconditionFailure("the name of migration \(fileName) does not begin with its number")
        }
        self.version = version
        self.sql = sql
        name = fileName.hasSuffix(".sql") ? String(fileName.dropLast(4)) : fileName
    }

    /// SHA-256 of the text, in hexadecimal digits.
    var checksum: String {
        SHA256.hash(data: Data(sql.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// A migration and whether a database has it.
public struct MigrationStatus: Sendable, Hashable {
    public let migration: Migration
    /// When it was applied; nil if it was not.
    public let appliedAt: Date?
}

/// Why a schema cannot be brought to the version of this program.
public enum MigrationProblem: Error, Sendable {
    /// The database has a migration that this program does not know.
    case newerSchema(migration: String)
    /// A migration was changed after it was applied.
    case changed(migration: String)
    case failed(migration: String, line: Int?, error: PostgresServerError)
}

extension MigrationProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .newerSchema(let name):
            """
            The database is newer than this program: it has migration \(name), which the program does not know. \
            Use the program version that applied it, or a newer one.
            """
        case .changed(let name):
            """
            Migration \(name) was changed after this database had applied it. \
            Restore the file and write the change as a new migration.
            """
        case .failed(let name, let line, let error):
            """
            Migration \(name) failed\(line.map { " at line \($0)" } ?? "") and was rolled back: \
            \(error.message) (SQLSTATE \(error.sqlState))\(error.hint.map { "\n\($0)" } ?? "")
            """
        }
    }
}
