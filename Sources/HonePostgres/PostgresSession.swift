/// Where statements can be run: a connection, or a pool that lends one for each statement.
public protocol PostgresSession: Sendable {
    /// Runs a statement and returns all its rows.
    @discardableResult
    func query(_ query: PostgresQuery) async throws(PostgresError) -> [PostgresRow]

    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int
}
