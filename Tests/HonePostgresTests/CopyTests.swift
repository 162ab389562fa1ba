import HonePostgres
import HoneTesting
import Synchronization
import Testing

private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func increment() {
        count.withLock { $0 += 1 }
    }
}

@Suite(.emptyDatabase) struct CopyTests {
    private let pool: PostgresPool

    init() throws {
        pool = try TemporaryDatabase.current.pool
    }

    private func copy(
        _ query: PostgresQuery, _ body: (inout PostgresCopyWriter) async throws -> Void
    ) async throws -> Int {
        try await pool.withConnection { try await $0.copyIn(query, body) }
    }

    private func count() async throws -> Int {
        try await #require(pool.query("SELECT count(*) FROM t").first).decode(Int.self)
    }

    @Test func typedRowsGoInByTheTenThousands() async throws {
        try await pool.execute("CREATE TABLE t (id bigint, score real, note text, tags text[], payload jsonb)")
        let stored = try await copy("COPY t FROM STDIN (FORMAT binary)") { writer in
            for id in 0..<100_000 {
                let note: String? = id % 2 == 0 ? nil : "it's \(id)\t\\N"
                try await writer.writeRow(id, Float(id) / 2, note, ["a", "b"], PostgresJSON(text: "{\"id\": \(id)}"))
            }
        }
        #expect(stored == 100_000)
        let row = try await pool.query("SELECT * FROM t WHERE id = 99999")
        let (id, score, note, tags, payload) = try #require(row.first)
            .decode(Int.self, Float.self, String?.self, [String].self, String.self)
        #expect(id == 99_999)
        #expect(score == 49_999.5)
        #expect(note == "it's 99999\t\\N")
        #expect(tags == ["a", "b"])
        #expect(payload == #"{"id": 99999}"#)
    }

    @Test func aSlowServerHoldsTheWriterBack() async throws {
        let schema = """
            CREATE TABLE t (note text);
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END';
            CREATE TRIGGER dawdle BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION dawdle();
            """
        let note = String(repeating: "x", count: 10_000)
        let pool = pool
        let written = Counter()
        try await pool.withConnection { holder in
            try await holder.execute(script: schema, name: "a table that waits")
            try await holder.query("SELECT pg_advisory_lock(1)")
            async let stored = pool.withConnection { connection in
                try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer in
                    for _ in 0..<5000 {
                        try await writer.writeRow(note)
                        written.increment()
                    }
                }
            }
            try await eventually("the server waits for the lock") {
                try await pool.query(
                    """
                    SELECT FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'
                    """
                ).count == 1
            }
            for _ in 0..<50 { try await pool.query("SELECT") }
            #expect(written.value < 500)
            try await holder.query("SELECT pg_advisory_unlock(1)")
            let count = try await stored
            #expect(count == 5000)
        }
    }

    @Test func aWriterThatThrowsStoresNothing() async throws {
        struct Stop: Error {}
        try await pool.execute("CREATE TABLE t (id bigint)")
        await #expect(throws: Stop.self) {
            _ = try await copy("COPY t FROM STDIN (FORMAT binary)") { writer in
                for id in 0..<50_000 { try await writer.writeRow(id) }
                throw Stop()
            }
        }
        #expect(try await count() == 0)
    }

    @Test func theServersObjectionToARowIsTheErrorThrown() async throws {
        try await pool.execute("CREATE TABLE t (id bigint CHECK (id < 10))")
        let error = await #expect(throws: PostgresError.self) {
            _ = try await copy("COPY t FROM STDIN (FORMAT binary)") { writer in
                for id in 0..<100_000 { try await writer.writeRow(id) }
            }
        }
        #expect(error?.sqlState == .checkViolation)
        #expect(try await count() == 0)
    }

    @Test func aStatementOfTheOtherDirectionIsRefusedAndTheConnectionStaysUsable() async throws {
        try await pool.execute("CREATE TABLE t (id bigint)")
        try await pool.withConnection { connection in
            await #expect(throws: PostgresError.self) {
                _ = try await connection.copyIn("COPY t TO STDOUT") { _ in }
            }
            await #expect(throws: PostgresError.self) {
                try await connection.copyOut("COPY t FROM STDIN") { _ in }
            }
            let rows = try await connection.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test func textGoesInAndComesOutUnchanged() async throws {
        try await pool.execute("CREATE TABLE t (id bigint, note text)")
        let lines = (0..<5000).map { "\($0)\tnote \($0)\n" }
        let stored = try await copy("COPY t FROM STDIN") { writer in
            for line in lines { try await writer.write(line.utf8) }
        }
        #expect(stored == 5000)
        let read = try await pool.withConnection { connection in
            try await connection.copyOut("COPY (SELECT * FROM t ORDER BY id) TO STDOUT") { rows in
                var read: [String] = []
                for try await row in rows { read.append(String(decoding: row, as: UTF8.self)) }
                return read
            }
        }
        #expect(read == lines)
    }

    @Test func aReaderThatStopsEarlyLeavesTheConnectionUsable() async throws {
        try await pool.withConnection { connection in
            let endless: PostgresQuery = "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT"
            let first = try await connection.copyOut(endless) { rows in
                for try await row in rows { return String(decoding: row, as: UTF8.self) }
                return ""
            }
            #expect(first == "1\n")
            let rows = try await connection.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }
}
