public import HonePostgres

extension Migration {
    /// The schema that this build was written for: every file of `Migrations/`, in order.
    public static let hone: [Migration] = embeddedMigrations.map { Migration(fileName: $0.fileName, sql: $0.sql) }
}
