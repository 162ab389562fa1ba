import Foundation

/// Brings a database's schema to the version of this program.
///
/// What was applied is recorded in `hone.migrations` with its checksum. One runner works at a time, each migration is
/// one transaction, and a schema that this program does not know is refused.
public struct Migrator: Sendable {
    private let migrations: [Migration]
    private let pool: PostgresPool

    /// - Parameters:
    ///   - migrations: In ascending order of their versions.
    ///   - pool: Of the database to migrate, as a user who may create schemas and roles.
    public init(_ migrations: [Migration], pool: PostgresPool) {
        let versions = migrations.map(\.version)
        precondition(zip(versions, versions.dropFirst()).allSatisfy { $0 < $1 }, "versions not in order: \(versions)")
        self.migrations = migrations
        self.pool = pool
    }

    /// Applies what is missing and returns it.
    /// - Throws: ``PostgresError/migration(_:)``, with nothing of the failed migration left behind.
    @discardableResult
    public func apply() async throws -> [Migration] {
        try await pool.withConnection { connection in
            try await connection.query("SELECT pg_advisory_lock(\(Self.lockKey))")
            do {
                let applied = try await applyMissing(on: connection)
                try await connection.query("SELECT pg_advisory_unlock(\(Self.lockKey))")
                return applied
            } catch {
                await connection.close()  // which lets the lock go, whatever state the session is in
                throw error
            }
        }
    }

    /// Every migration that this program knows.
    /// - Throws: ``PostgresError/migration(_:)`` when the database has others.
    public func status() async throws -> [MigrationStatus] {
        let hasTable =
            try await pool.query("SELECT to_regclass('hone.migrations') IS NOT NULL")
            .first?.decode(Bool.self) ?? false
        return try await status(hasTable ? applied(on: pool) : [:])
    }

    /// `hone` in ASCII: the advisory lock of the migrations.
    private static let lockKey: Int64 = 0x686F_6E65

    private struct Applied {
        let name: String
        let checksum: String
        let at: Date
    }

    private func applyMissing(on connection: PostgresConnection) async throws -> [Migration] {
        try await connection.execute(script: Self.ownSchema, name: "create hone.migrations")
        let missing = try await status(applied(on: connection)).filter { $0.appliedAt == nil }.map(\.migration)
        for migration in missing { try await apply(migration, on: connection) }
        return missing
    }

    private func apply(_ migration: Migration, on connection: PostgresConnection) async throws {
        do {
            try await connection.withTransaction { transaction in
                try await transaction.execute(script: migration.sql, name: migration.name)
                try await transaction.execute(
                    """
                    INSERT INTO hone.migrations (version, name, checksum)
                    VALUES (\(migration.version), \(migration.name), \(migration.checksum))
                    """)
            }
        } catch PostgresError.server(let error) {
            let line = error.position.map { migration.sql.prefix($0 - 1).count { $0.isNewline } + 1 }
            throw PostgresError.migration(.failed(migration: migration.name, line: line, error: error))
        }
    }

    private func applied(on session: some PostgresSession) async throws(PostgresError) -> [Int: Applied] {
        var applied: [Int: Applied] = [:]
        for row in try await session.query("SELECT version, name, checksum, applied_at FROM hone.migrations") {
            let (version, name, checksum, at) = try row.decode(Int.self, String.self, String.self, Date.self)
            applied[version] = Applied(name: name, checksum: checksum, at: at)
        }
        return applied
    }

    private func status(_ applied: [Int: Applied]) throws(PostgresError) -> [MigrationStatus] {
        let known = Set(migrations.map(\.version))
        if let stranger = applied.filter({ !known.contains($0.key) }).min(by: { $0.key < $1.key }) {
            throw .migration(.newerSchema(migration: stranger.value.name))
        }
        if let changed = migrations.first(where: { applied[$0.version].map(\.checksum) ?? $0.checksum != $0.checksum })
        {
            throw .migration(.changed(migration: changed.name))
        }
        return migrations.map { MigrationStatus(migration: $0, appliedAt: applied[$0.version]?.at) }
    }

    private static let ownSchema = """
        SET client_min_messages = warning;
        CREATE SCHEMA IF NOT EXISTS hone;
        CREATE TABLE IF NOT EXISTS hone.migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        RESET client_min_messages;
        """
}
