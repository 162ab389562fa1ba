public import Foundation
public import HonePostgres

/// A model in a line: how many checkpoints it has and which is served.
public struct ModelSummary: Sendable, Encodable {
    public let name: String
    public let createdAt: Date
    public let checkpointCount: Int
    public let latestCheckpoint: Int64?
    public let activeCheckpoint: Int64?
    public let activeSince: Date?
}

/// The models of a database.
public enum Models {
    public static func exists(_ name: String, in session: some PostgresSession) async throws -> Bool {
        try await !session.query("SELECT FROM hone.models WHERE name = \(name)").isEmpty
    }

    /// All models by name.
    public static func list(in session: some PostgresSession) async throws -> [ModelSummary] {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT m.name, m.created_at, count(c.id) AS checkpoints, max(c.id) AS latest, a.checkpoint_id,
                    a.active_since
                FROM hone.models m
                LEFT JOIN hone.checkpoints c ON c.model_id = m.id
                LEFT JOIN hone.active_checkpoints a ON a.model = m.name
                GROUP BY m.id, a.checkpoint_id, a.active_since ORDER BY m.name
                """
            ).named("list models"))
        return try rows.map { row in
            ModelSummary(
                name: try row.decode("name"), createdAt: try row.decode("created_at"),
                checkpointCount: try row.decode("checkpoints"), latestCheckpoint: try row.decode("latest"),
                activeCheckpoint: try row.decode("checkpoint_id"), activeSince: try row.decode("active_since"))
        }
    }
}
