import HonePostgres
import HoneQueue
import Testing

extension PostgresSession {
    /// Waits until a query says so.
    ///
    /// The pauses are the server's, and a server that is away for a moment is asked again.
    func wait(
        until condition: String, seconds: Int = 30, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        let query = PostgresQuery(unsafeSQL: "SELECT (\(condition)) IS TRUE AS holds, pg_sleep(0.03)")
        while ContinuousClock.now < deadline {
            do throws(PostgresError) {
                if try await self.query(query)[0].decode("holds", as: Bool.self) { return }
            } catch {
                guard error.isTransient else { throw error }
            }
        }
        Issue.record("not within \(seconds) s: \(condition)", sourceLocation: sourceLocation)
        throw TimedOut(condition: condition)
    }

    func one<Value: PostgresDecodable>(_ sql: PostgresQuery, as type: Value.Type = Value.self) async throws -> Value {
        let rows = try await query(sql)
        return try #require(rows.first, "no row: \(sql.sql)").decode(Value.self)
    }
}

struct TimedOut: Error {
    let condition: String
}
