public import FoundationEssentials
public import HonePostgres

/// Where a long job takes up when its next attempt begins.
public struct JobCheckpoint: Sendable {
    public let name: String
    /// Grows with the work done, for example the training step.
    public let ordinal: Int64
    public let state: PostgresJSON
    /// The file in the artifact store that belongs to it.
    public let artifactSHA256: Data?

    public init(name: String, ordinal: Int64, state: PostgresJSON, artifactSHA256: Data? = nil) {
        self.name = name
        self.ordinal = ordinal
        self.state = state
        self.artifactSHA256 = artifactSHA256
    }
}

extension JobContext {
    /// Records a checkpoint under the lease, together with what `writes` adds, and drops the older ones of its name.
    /// - Throws: ``QueueError/leaseLost(jobs:)``, or what `writes` throws.
    public nonisolated(nonsending) func save(
        _ checkpoint: JobCheckpoint, for job: ClaimedJob,
        _ writes: (_ transaction: PostgresConnection) async throws -> Void = { _ in }
    ) async throws {
        do {
            try await pool.withTransaction { transaction in
                try await transaction.query(
                    PostgresQuery("SELECT hone.guard(\(job.id), \(job.fence))").named("guard a lease"))
                try await writes(transaction)
                try await transaction.execute(Self.insertion(of: checkpoint, for: job))
                try await transaction.execute(
                    PostgresQuery(
                        """
                        DELETE FROM hone.job_checkpoints
                        WHERE job_id = \(job.id) AND name = \(checkpoint.name) AND ordinal < \(checkpoint.ordinal)
                        """
                    ).named("drop older checkpoints of a job"))
            }
        } catch let error as PostgresError where error.sqlState == .leaseLost {
            throw QueueError.leaseLost(jobs: [job.id])
        }
    }

    private static func insertion(of checkpoint: JobCheckpoint, for job: ClaimedJob) -> PostgresQuery {
        PostgresQuery(
            """
            INSERT INTO hone.job_checkpoints (job_id, name, ordinal, fence, state, artifact_sha256)
            VALUES (\(job.id), \(checkpoint.name), \(checkpoint.ordinal), \(job.fence), \(checkpoint.state),
                \(checkpoint.artifactSHA256))
            ON CONFLICT (job_id, name, ordinal) DO UPDATE
            SET fence = excluded.fence, state = excluded.state, artifact_sha256 = excluded.artifact_sha256,
                created_at = clock_timestamp()
            """
        ).named("save a checkpoint of a job")
    }

    /// The latest checkpoint of that name that any attempt at the job has saved.
    public func latestCheckpoint(named name: String, for job: ClaimedJob) async throws(PostgresError) -> JobCheckpoint?
    {
        let rows = try await pool.query(
            PostgresQuery(
                """
                SELECT ordinal, state, artifact_sha256 FROM hone.job_checkpoints
                WHERE job_id = \(job.id) AND name = \(name) ORDER BY ordinal DESC LIMIT 1
                """
            ).named("read the latest checkpoint of a job"))
        return try rows.first.map { row throws(PostgresError) in
            JobCheckpoint(
                name: name, ordinal: try row.decode("ordinal"), state: try row.decode("state"),
                artifactSHA256: try row.decode("artifact_sha256"))
        }
    }
}
