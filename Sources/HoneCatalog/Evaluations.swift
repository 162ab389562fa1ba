public import Foundation
public import HoneDatasets
public import HonePostgres

/// What was measured of a checkpoint on a split of a dataset.
public struct Evaluation: Sendable, Encodable {
    public let id: Int64
    public let checkpoint: Int64
    public let dataset: String
    public let split: String
    public let job: Int64
    public let metrics: JSONValue
    public let createdAt: Date
}

/// Measurements in the database.
public enum Evaluations {
    /// Records a measurement in the transaction that completes its job.
    /// - Parameters:
    ///   - metrics: a JSON object, such as accuracy and counts by level.
    ///   - checkpoint: what was measured.
    ///   - cut: on what.
    ///   - attempt: by which attempt.
    ///   - session: the completing transaction's connection.
    /// - Returns: The evaluation's id.
    /// - Throws: `PostgresError`.
    public static func record(
        _ metrics: JSONValue, of checkpoint: Int64, on cut: DatasetCut, by attempt: JobAttempt,
        in session: some PostgresSession
    ) async throws -> Int64 {
        let rows = try await session.query(
            PostgresQuery(
                """
                INSERT INTO hone.evaluations (checkpoint_id, dataset_id, split, job_id, fence, metrics)
                VALUES (\(checkpoint), \(cut.datasetID), \(cut.split ?? "all"), \(attempt.job), \(attempt.fence),
                    \(try PostgresJSON(encoding: metrics)))
                RETURNING id
                """
            ).named("record an evaluation"))
        return try rows[0].decode("id")
    }

    /// One measurement; nil if there is none of that id.
    public static func find(_ id: Int64, in session: some PostgresSession) async throws -> Evaluation? {
        try await load(id: id, checkpoint: nil, in: session).first
    }

    /// The measurements of a checkpoint, newest first.
    public static func list(of checkpoint: Int64, in session: some PostgresSession) async throws -> [Evaluation] {
        try await load(id: nil, checkpoint: checkpoint, in: session)
    }

    private static func load(
        id: Int64?, checkpoint: Int64?, in session: some PostgresSession
    ) async throws -> [Evaluation] {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT e.id, e.checkpoint_id, d.name AS dataset, e.split, e.job_id, e.metrics, e.created_at
                FROM hone.evaluations e JOIN hone.datasets d ON d.id = e.dataset_id
                WHERE e.id = \(id) OR e.checkpoint_id = \(checkpoint) ORDER BY e.id DESC
                """
            ).named("read evaluations"))
        return try rows.map(Evaluation.init)
    }
}

extension Evaluation {
    fileprivate init(_ row: PostgresRow) throws {
        id = try row.decode("id")
        checkpoint = try row.decode("checkpoint_id")
        dataset = try row.decode("dataset")
        split = try row.decode("split")
        job = try row.decode("job_id")
        metrics = try row.decode("metrics", as: PostgresJSON.self).decode()
        createdAt = try row.decode("created_at")
    }
}
