import HoneMigrations
import HonePostgres
import HoneTesting
import Testing

@Suite(.emptyDatabase) struct MigratorTests {
    private static let first = Migration(fileName: "0001_first.sql", sql: "CREATE TABLE first (id int); SELECT 1;")
    private static let second = Migration(fileName: "0002_second.sql", sql: "CREATE TABLE second (id int);")

    @Test func everyMigrationIsAppliedOnceAndInOrder() async throws {
        let pool = try TemporaryDatabase.current.pool
        let migrator = Migrator([Self.first, Self.second], pool: pool)
        #expect(try await migrator.status().map(\.appliedAt) == [nil, nil])
        #expect(try await migrator.apply() == [Self.first, Self.second])
        #expect(try await migrator.apply() == [])
        #expect(try await migrator.status().allSatisfy { $0.appliedAt != nil })
    }

    @Test func ofTwoRunnersOneAppliesAndTheOtherFindsItDone() async throws {
        let pool = try TemporaryDatabase.current.pool
        let migrator = Migrator(Migration.hone, pool: pool)
        async let one = migrator.apply()
        async let other = migrator.apply()
        let counts = try await [one.count, other.count].sorted()
        #expect(counts == [0, Migration.hone.count])
    }

    @Test func aFailedMigrationLeavesNothingAndNamesItsLine() async throws {
        let pool = try TemporaryDatabase.current.pool
        let bad = Migration(fileName: "0002_bad.sql", sql: "CREATE TABLE half (id int);\n\nSELECT nonsense;\n")
        let error = await #expect(throws: PostgresError.self) {
            try await Migrator([Self.first, bad], pool: pool).apply()
        }
        guard case .migration(.failed("0002_bad", let line, let cause)) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(line == 3)
        #expect(cause.sqlState == .undefinedColumn)
        let half = try await pool.query("SELECT to_regclass('half')::text, to_regclass('first')::text")
        let (halfName, firstName) = try #require(half.first).decode(String?.self, String?.self)
        #expect(halfName == nil)
        #expect(firstName == "first")
    }

    @Test func aSchemaNewerThanTheProgramIsRefused() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Migrator([Self.first, Self.second], pool: pool).apply()
        let error = await #expect(throws: PostgresError.self) {
            try await Migrator([Self.first], pool: pool).apply()
        }
        guard case .migration(.newerSchema("0002_second")) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
    }

    @Test func aMigrationThatWasChangedIsRefused() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Migrator([Self.first], pool: pool).apply()
        let edited = Migration(fileName: "0001_first.sql", sql: Self.first.sql + "\n")
        let error = await #expect(throws: PostgresError.self) {
            try await Migrator([edited], pool: pool).status()
        }
        guard case .migration(.changed("0001_first")) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
    }
}
