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

    @Test func aFastServerAndASlowReaderTakeConstantMemory() async throws {
        let before = try residentByteCount()
        try await pool.withConnection { connection in
            // 100 MB, of which the reader takes a little at a time.
            try await connection.withRows(of: "SELECT repeat('x', 4000) FROM generate_series(1, 25000) i") { rows in
                for try await row in rows { _ = try row.decode(String.self) }
            }
        }
        #expect(try residentByteCount() - before < 40 << 20)
    }
}
