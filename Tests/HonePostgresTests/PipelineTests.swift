import HonePostgres
import HoneTesting
import Testing

@Suite(.emptyDatabase) struct PipelineTests {
    @Test func manyStatementsAnswerInOrder() async throws {
        let queries = (0..<2000).map { "SELECT \($0), repeat('x', 1000)" as PostgresQuery }
        let replies = try await TemporaryDatabase.current.pool.withConnection { try await $0.pipeline(queries) }
        let numbers = try replies.map { try #require($0.first).decode(Int.self, String.self).0 }
        #expect(numbers == Array(0..<2000))
    }

    @Test func aFailedStatementUndoesThoseBeforeItAndIsTheOneReported() async throws {
        try await TemporaryDatabase.current.pool.withConnection { connection in
            try await connection.execute("CREATE TABLE t (id int PRIMARY KEY)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.pipeline([
                    "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)",
                ])
            }
            #expect(error?.sqlState == .uniqueViolation)
            let rows = try await connection.query("SELECT FROM t")
            #expect(rows.isEmpty)
        }
    }
}
