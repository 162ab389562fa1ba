import HonePostgres
import HoneTesting
import Testing

@Suite(.emptyDatabase) struct StreamTests {
    private let pool: PostgresPool

    init() throws {
        pool = try TemporaryDatabase.current.pool
    }

    @Test func everyRowArrivesInOrder() async throws {
        let sum = try await pool.withConnection { connection in
            try await connection.withRows(of: "SELECT i, repeat('x', 100) AS pad FROM generate_series(1, 20000) i") {
                rows in
                var expected = 0
                for try await row in rows {
                    expected += 1
                    let (i, pad) = try row.decode(Int.self, String.self)
                    guard i == expected, pad.count == 100 else { return -1 }
                }
                return expected
            }
        }
        #expect(sum == 20_000)
    }

    @Test func aReaderThatStopsEarlyStopsTheStatement() async throws {
        try await pool.withConnection { connection in
            let first = try await connection.withRows(of: "SELECT generate_series(1, 1000000000)") { rows in
                for try await row in rows { return try row.decode(Int.self) }
                return 0
            }
            #expect(first == 1)
            let after = try await connection.query("SELECT 2")
            #expect(try after.first?.decode(Int.self) == 2)
        }
    }

    @Test func anErrorAmidTheRowsReachesTheReader() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withConnection { connection in
                try await connection.withRows(of: "SELECT 1 / (500 - i) FROM generate_series(1, 1000) i") { rows in
                    for try await _ in rows {}
                }
            }
        }
        #expect(error?.sqlState == "22012")
    }

    @Test func aSecondStatementOnAStreamingConnectionIsRefused() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withConnection { connection in
                try await connection.withRows(of: "SELECT generate_series(1, 10)") { _ in
                    _ = try await connection.query("SELECT 1")
                }
            }
        }
        guard case .connectionBusy("SELECT 1") = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
    }

    @Test func aSlowReaderHoldsTheServerBack() async throws {
        try await pool.withConnection { connection in
            let pid = await connection.backendPID
            let tooMuch: PostgresQuery = "SELECT repeat('x', 4000) FROM generate_series(1, 25000)"
            let count = try await connection.withRows(of: tooMuch) { rows in
                var iterator = rows.makeAsyncIterator()
                _ = try await iterator.next()
                try await eventually("the server waits for its client") {
                    let waiting = try await pool.query(
                        "SELECT FROM pg_stat_activity WHERE pid = \(pid) AND wait_event = 'ClientWrite'")
                    return waiting.count == 1
                }
                var count = 1
                while try await iterator.next() != nil { count += 1 }
                return count
            }
            #expect(count == 25_000)
        }
    }
}
