import Foundation
import HoneEmbedded
import HoneMigrations
import HonePostgres

/// The private PostgreSQL of this test process: started when the first test needs it, gone when the process is, however
/// that ends.
actor TestCluster {
    static let shared = TestCluster()

    private static let template = "template_hone"
    private var setUp: Task<PostgresPool, any Error>?
    private var databaseCount = 0

    /// Makes a database for one test, with Hone's schema or empty.
    func makeDatabase(isMigrated: Bool) async throws -> PostgresConfiguration {
        let administrator = try await administrator()
        databaseCount += 1
        let name = "test_\(databaseCount)"
        let template = isMigrated ? Self.template : "template0"
        try await administrator.execute("CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: template)")
        return administrator.configuration.with(database: name)
    }

    func dropDatabase(_ configuration: PostgresConfiguration) async throws {
        try await administrator().execute("DROP DATABASE \(identifier: configuration.database) WITH (FORCE)")
    }

    private func administrator() async throws -> PostgresPool {
        let task = setUp ?? Task { try await Self.start() }
        setUp = task
        return try await task.value
    }

    private static func start() async throws -> PostgresPool {
        // Suites run together, each with pools of its own.
        let server = try await EmbeddedPostgres.start(in: .temporary(), durability: .none, connectionLimit: 400)
        var limits = PostgresPool.Limits(maximum: 2)
        limits.acquireTimeout = .seconds(300)  // every test of a suite asks at once, on a machine that may be busy
        let pool = PostgresPool(configuration: try PostgresConfiguration(url: server.socketURL), limits: limits)
        try await pool.execute("CREATE DATABASE \(identifier: template) TEMPLATE template0")
        let templatePool = PostgresPool(configuration: pool.configuration.with(database: template))
        try await Migrator(Migration.hone, pool: templatePool).apply()
        templatePool.close()
        // The server may still be ending the session, and a template must have none.
        try await pool.query(
            """
            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = \(template)
            """)
        return pool
    }
}
