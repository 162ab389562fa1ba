import HonePostgres
import HoneQueue

/// A row of `hone.evaluations`.
struct EvaluationRecord: Sendable {
    let id: Int64
    let checkpoint: Int64
    let dataset: String
    let split: String
    /// The job whose samples are the evaluated answers.
    let job: Int64
    /// The single numbers among its metrics.
    let numbers: [String: Double]

    static func find(_ id: Int64, in session: any PostgresSession) async throws -> EvaluationRecord {
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
        guard let row = rows.first else {
            throw WorkerError.notFound(noun: "evaluation", name: "\(id)", mend: "run an evaluate job first")
        }
        return EvaluationRecord(
            id: try row.decode("id"), checkpoint: try row.decode("checkpoint_id"), dataset: try row.decode("dataset"),
            split: try row.decode("split"), job: try row.decode("job_id"),
            numbers: try row.decode("numbers", as: PostgresJSON.self).decode())
    }

    /// Adds an evaluation; part of the transaction that completes `job`.
    static func insert(
        _ metrics: EvaluationMetrics, of checkpoint: Int64, for job: ClaimedJob, in transaction: PostgresConnection
    ) async throws -> Int64 {
        let json = try PostgresJSON(encoding: metrics)
        let rows = try await transaction.query(
            PostgresQuery(
                """
                INSERT INTO hone.evaluations (checkpoint_id, dataset_id, split, job_id, fence, metrics)
                SELECT \(checkpoint), d.id, \(metrics.cut.split), \(job.id), \(job.fence), \(json)
                FROM hone.datasets d WHERE d.name = \(metrics.cut.dataset)
                RETURNING id
                """
            ).named("add an evaluation"))
        return try rows[0].decode("id")
    }
}
