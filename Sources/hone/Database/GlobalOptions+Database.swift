import Foundation
import HoneEmbedded
import HoneMigrations
import HonePostgres

extension GlobalOptions {
    /// `--database-url`, else `HONE_DATABASE_URL`, else the private server of `hone dev`.
    func resolvedURL() throws -> String {
        try databaseURL ?? DatabaseLocator.url(environment: ProcessInfo.processInfo.environment)
    }

    /// Connects to the database that the options name, for the length of `body`; a schema that is newer than this
    /// program is refused unless `isChecked` is false.
    func withDatabase<Value>(
        isChecked: Bool = true, _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await PostgresConnection.connect(to: PostgresConfiguration(url: resolvedURL()))
        if isChecked { try await refuseNewerSchema(connection) }
        let value = try await body(connection)
        await connection.close()
        return value
    }

    private func refuseNewerSchema(_ connection: PostgresConnection) async throws(PostgresError) {
        let known = Migration.hone.last?.version ?? 0
        do throws(PostgresError) {
            let newer = try await connection.query(
                "SELECT name FROM hone.migrations WHERE version > \(known) ORDER BY version LIMIT 1")
            guard let newest = newer.first else { return }
            throw .migration(.newerSchema(migration: try newest.decode("name")))
        } catch .server(let report) where report.sqlState == .insufficientPrivilege {
            return  // a producer may not read the table; the functions that it may call keep their form
        }
    }
}
