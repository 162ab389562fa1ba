public import HonePostgres

/// What was measured of a checkpoint on a split of a dataset.
public struct EvaluationRecord: Sendable {
    public let id: Int64
    public let checkpoint: Int64
    public let dataset: String
    public let split: String
    /// The job whose samples are the evaluated answers.
    public let job: Int64
    /// The single numbers among its metrics.
    public let numbers: [String: Double]
}

/// Measurements in the database.
public enum Evaluations {
    /// Records a measurement in the transaction that completes its job.
    /// - Parameters:
    ///   - metrics: a JSON object, such as accuracy and counts by level.
    ///   - checkpoint: what was measured.
    ///   - cut: on what.
    ///   - attempt: by which attempt.
    ///   - transaction: the completing transaction.
    /// - Returns: The evaluation's id.
    /// - Throws: `PostgresError`.
    public static func record(
        _ metrics: PostgresJSON, of checkpoint: Int64, on cut: DataCut, by attempt: JobAttempt,
        in transaction: PostgresConnection
    ) async throws -> Int64 {
        let rows = try await transaction.query(
            PostgresQuery(
                """
                INSERT INTO hone.evaluations (checkpoint_id, dataset_id, split, job_id, fence, metrics)
                SELECT \(checkpoint), d.id, \(cut.split), \(attempt.job), \(attempt.fence), \(metrics)
                FROM hone.datasets d WHERE d.name = \(cut.dataset)
                RETURNING id
                """
            ).named("record an evaluation"))
        return try rows[0].decode("id")
    }

    /// One measurement; nil if there is none of that id.
    public static func find(_ id: Int64, in session: some PostgresSession) async throws -> EvaluationRecord? {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT e.id, e.checkpoint_id, d.name AS dataset, e.split, e.job_id, (
                    SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}') FROM jsonb_each(e.metrics) m
                    WHERE jsonb_typeof(m.value) = 'number') AS numbers
                FROM hone.evaluations e JOIN hone.datasets d ON d.id = e.dataset_id
                WHERE e.id = \(id)
                """
            ).named("read an evaluation"))
        return try rows.first.map { row in
            EvaluationRecord(
                id: try row.decode("id"), checkpoint: try row.decode("checkpoint_id"),
                dataset: try row.decode("dataset"), split: try row.decode("split"), job: try row.decode("job_id"),
                numbers: try row.decode("numbers", as: PostgresJSON.self).decode())
        }
    }
}
