import HonePostgres
import HoneTesting
import Testing

@Suite(.emptyDatabase) struct QueryTests {
    private static let hostile = [
        "'; DROP TABLE victims; --", "' OR '1'='1", "\\'; DROP TABLE victims; --", "$1", "1); DROP TABLE victims; --",
        "\u{2019}; DROP TABLE victims; --", "%27%3B", "\"; DROP TABLE victims; --",
    ]

    @Test(arguments: hostile) func aHostileStringIsOnlyEverAValue(_ text: String) async throws {
        let pool = try TemporaryDatabase.current.pool
        try await pool.execute("CREATE TABLE victims (name text)")
        try await pool.execute("INSERT INTO victims VALUES (\(text)), ('other')")
        let found = try await pool.query("SELECT name FROM victims WHERE name = \(text)")
        #expect(try found.map { try $0.decode(String.self) } == [text])
    }

    @Test(arguments: hostile) func aHostileIdentifierIsOnlyEverAName(_ name: String) async throws {
        let pool = try TemporaryDatabase.current.pool
        try await pool.execute("CREATE TABLE \(identifier: name) (\(identifier: name) int)")
        try await pool.execute("INSERT INTO \(identifier: name) VALUES (1)")
        let rows = try await pool.query("SELECT \(identifier: name) FROM \(identifier: name)")
        #expect(try rows.map { try $0.decode(name, as: Int.self) } == [1])
    }

    @Test func aServerErrorCarriesAllThatTheServerSaid() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await pool.execute("CREATE TABLE t (id int CONSTRAINT only_one PRIMARY KEY)")
        let insert = PostgresQuery("INSERT INTO t VALUES (7), (7)").named("seven twice")
        let error = await #expect(throws: PostgresError.self) { try await pool.execute(insert) }
        guard case .server(let report) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(report.query == "seven twice")
        #expect(report.sqlState == .uniqueViolation)
        #expect(report.detail == "Key (id)=(7) already exists.")
        #expect(report.table == "t")
        #expect(report.constraint == "only_one")
    }

    @Test func aRaisedErrorKeepsItsStateAndHint() async throws {
        let pool = try TemporaryDatabase.current.pool
        let script = "DO $$ BEGIN RAISE 'lease lost' USING ERRCODE = 'HN001', HINT = 'claim again'; END $$"
        let error = await #expect(throws: PostgresError.self) {
            try await pool.execute(PostgresQuery(unsafeSQL: script))
        }
        guard case .server(let report) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(report.sqlState == "HN001")
        #expect(report.hint == "claim again")
    }

    @Test func executeCountsTheRowsThatChanged() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await pool.execute("CREATE TABLE t (id int)")
        #expect(try await pool.execute("INSERT INTO t SELECT generate_series(1, 12)") == 12)
        #expect(try await pool.execute("DELETE FROM t WHERE id > \(10)") == 2)
    }

    @Test func anUnreadableOrDeadAddressIsOneClearError() async throws {
        #expect(throws: PostgresError.self) { try PostgresConfiguration(url: "postgresql://host:5432/db?nonsense=1") }
        let configuration = try PostgresConfiguration(url: "postgresql://me:secret@127.0.0.1:1/db")
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(to: configuration)
        }
        let text = "\(String(describing: error))"
        #expect(text.contains("db on 127.0.0.1:1"))
        #expect(!text.contains("secret"))
    }
}
