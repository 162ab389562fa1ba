import ArgumentParser
import Foundation
import HoneEmbedded
import HoneMigrations
import HonePostgres

/// `hone migrate`: brings the database's schema to the version of this program.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the database's schema to the version of this program.",
        discussion: """
            EXAMPLES
              hone migrate
              hone migrate --status
              hone migrate --database-url postgresql://admin@db/hone

            Each migration is one transaction; two runners wait for each other. A database
            that is newer than this program is refused.
            """)

    @Flag(help: "Only show which migrations are applied. Exit status 1 if one is missing.")
    var status = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let url = try options.resolvedURL()
        if status {
            try await showStatus(url)
        } else {
            let applied = try await options.migrate(url: url)
            try options.console.emit(
                applied, columns: [Column("APPLIED") { $0.name }], none: "the schema is up to date")
        }
    }

    private func showStatus(_ url: String) async throws {
        let lines = try await GlobalOptions.withMigrator(url) { migrator in
            try await migrator.status().map { MigrationLine($0.migration, appliedAt: $0.appliedAt) }
        }
        try options.console.emit(
            lines,
            columns: [Column("MIGRATION") { $0.name }, Column("APPLIED") { $0.appliedAt?.clockTime ?? "missing" }],
            none: "no migrations")
        if lines.contains(where: { $0.appliedAt == nil }) { throw ExitCode.failure }
    }
}

/// A migration and when it was applied.
struct MigrationLine: Encodable {
    let version: Int
    let name: String
    let appliedAt: String?

    init(_ migration: Migration, appliedAt: Date?) {
        version = migration.version
        name = migration.name
        self.appliedAt = appliedAt?.ISO8601Format()
    }
}

extension GlobalOptions {
    /// Applies what is missing and returns it.
    @discardableResult
    func migrate(url: String) async throws -> [MigrationLine] {
        try await Self.withMigrator(url) { migrator in
            try await migrator.apply().map { MigrationLine($0, appliedAt: .now) }
        }
    }

    static func withMigrator<Value>(_ url: String, _ body: (Migrator) async throws -> Value) async throws -> Value {
        let configuration = try PostgresConfiguration(url: url)
        let pool = PostgresPool(configuration: configuration, limits: .init(maximum: 1))
        defer { pool.close() }
        return try await body(Migrator(Migration.hone, pool: pool))
    }
}
