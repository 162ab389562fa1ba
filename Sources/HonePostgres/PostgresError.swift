/// What can go wrong between Hone and PostgreSQL.
public enum PostgresError: Error, Sendable {
    /// The connection string cannot be read.
    case invalidConfiguration(String)
    /// No connection could be made.
    case cannotConnect(server: String, reason: String)
    /// The connection broke. Whether the statement took effect is not known unless it ran in a transaction, which then
    /// is rolled back.
    case connectionLost(query: String, reason: String)
    /// The connection broke while a COMMIT was under way: read back whether it took effect.
    case commitOutcomeUnknown(reason: String)
    /// A statement inside the transaction had failed and its error was dropped, so COMMIT rolled back.
    case transactionAborted
    /// The server refused a statement.
    case server(PostgresServerError)
    /// A value is not of the type that was asked for.
    case decoding(PostgresDecodingError)
    /// The task was cancelled; the server has stopped the statement.
    case cancelled(query: String)
    /// No connection of the pool came free in time.
    case poolTimeout(connectionCount: Int, waited: Duration)
    case poolClosed
    /// A statement was sent over a connection that still streams the rows of another.
    case connectionBusy(query: String)
    /// COPY was used other than the statement says.
    case copy(query: String, reason: String)
    case migration(MigrationProblem)

    /// The server's code, if the server reported the error.
    public var sqlState: SQLState? {
        guard case .server(let error) = self else { return nil }
        return error.sqlState
    }
}

/// An error report of the server.
public struct PostgresServerError: Error, Sendable {
    /// The name that the failing query was given, else its beginning.
    public let query: String
    public let sqlState: SQLState
    public let message: String
    public let detail: String?
    public let hint: String?
    /// The call stack of server-side functions.
    public let context: String?
    public let schema: String?
    public let table: String?
    public let column: String?
    public let constraint: String?
    /// Where in the query's text the error is, counted in characters from 1.
    public let position: Int?
    /// Whether the server has ended the session with this error.
    let endsSession: Bool
}

/// A value that does not fit the type that was asked for.
public struct PostgresDecodingError: Error, Sendable {
    public let query: String
    public let column: String
    public let postgresType: PostgresType
    /// The Swift type that was asked for.
    public let swiftType: String
    public let reason: String
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidConfiguration(let reason):
            "The database URL cannot be read: \(reason). It looks like postgresql://user:password@host:port/database."
        case .cannotConnect(let server, let reason):
            "Cannot connect to \(server): \(reason)"
        case .connectionLost(let query, let reason):
            "The connection broke during “\(query)”: \(reason)"
        case .commitOutcomeUnknown(let reason):
            "The connection broke during COMMIT, so its outcome is not known: \(reason)"
        case .transactionAborted:
            "The transaction was rolled back, because one of its statements had failed."
        case .server(let error): error.description
        case .decoding(let error): error.description
        case .cancelled(let query): "“\(query)” was cancelled."
        case .poolTimeout(let count, let waited):
            "None of the \(count) database connections came free within \(waited)."
        case .poolClosed: "The pool of database connections is closed."
        case .connectionBusy(let query):
            "“\(query)” was sent over a connection that still streams rows: end that stream or use another connection."
        case .copy(let query, let reason): "“\(query)”: \(reason)"
        case .migration(let problem): problem.description
        }
    }
}

extension PostgresServerError: CustomStringConvertible {
    public var description: String {
        var text = "“\(query)” failed: \(message) (SQLSTATE \(sqlState))"
        if let detail { text += "\n\(detail)" }
        if let hint { text += "\n\(hint)" }
        return text
    }
}

extension PostgresDecodingError: CustomStringConvertible {
    public var description: String {
        "“\(query)”, column \(column) of type \(postgresType), read as \(swiftType): \(reason)"
    }
}

// MARK: - From libpq

extension PostgresServerError {
    /// nil when the report came from libpq and not from the server.
    init?(_ result: LibPQResult, query: String) {
        guard let sqlState = result.errorField(.sqlState) else { return nil }
        self.init(
            query: query, sqlState: SQLState(rawValue: sqlState),
            message: result.errorField(.message) ?? result.errorMessage, detail: result.errorField(.detail),
            hint: result.errorField(.hint), context: result.errorField(.context),
            schema: result.errorField(.schema), table: result.errorField(.table),
            column: result.errorField(.column), constraint: result.errorField(.constraint),
            position: result.errorField(.position).flatMap { Int($0) },
            endsSession: ["FATAL", "PANIC"].contains(result.errorField(.severity)))
    }
}
