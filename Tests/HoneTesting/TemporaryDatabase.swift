public import HonePostgres
public import Testing

/// A database that exists for one test.
public struct TemporaryDatabase: Sendable {
    public let configuration: PostgresConfiguration
    public let pool: PostgresPool

    /// What other programs take as `HONE_DATABASE_URL`.
    public var url: String { configuration.connectionString }

    /// The database of the test that runs, in a suite or test with the trait `.temporaryDatabase`.
    public static var current: TemporaryDatabase {
        get throws {
            try #require(inScope, "the test lacks the trait .temporaryDatabase")
        }
    }

    @TaskLocal fileprivate static var inScope: TemporaryDatabase?
}

/// Runs a test with a fresh database, migrated or empty, which is dropped at its end.
public func withTemporaryDatabase<Value>(
    isMigrated: Bool = true, poolSize: Int = 8, _ body: (TemporaryDatabase) async throws -> Value
) async throws -> Value {
    let configuration = try await TestCluster.shared.makeDatabase(isMigrated: isMigrated)
    let pool = PostgresPool(configuration: configuration, limits: .init(maximum: poolSize))
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(TemporaryDatabase(configuration: configuration, pool: pool)))
    } catch {
        result = .failure(error)
    }
    pool.close()
    try await TestCluster.shared.dropDatabase(configuration)
    return try result.get()
}

/// Gives every test of a suite a fresh database: `@Suite(.temporaryDatabase)`.
public struct TemporaryDatabaseTrait: SuiteTrait, TestTrait, TestScoping {
    fileprivate let isMigrated: Bool

    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await withTemporaryDatabase(isMigrated: isMigrated) { database in
            try await TemporaryDatabase.$inScope.withValue(database) { try await function() }
        }
    }
}

extension Trait where Self == TemporaryDatabaseTrait {
    /// A database with Hone's schema, as ``TemporaryDatabase/current``.
    public static var temporaryDatabase: Self { Self(isMigrated: true) }

    /// A database without any schema.
    public static var emptyDatabase: Self { Self(isMigrated: false) }
}
