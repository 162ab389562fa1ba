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

/// Which checkpoints of a name a job keeps when it saves another.
public struct CheckpointRetention: Sendable {
    /// So many, the newest ones; more than one, so that the next is there should the newest be damaged.
    public var count: Int
    /// The one that the attempt took up from; it stays, however old.
    public var inUse: Int64?

    public init(count: Int = 2, inUse: Int64? = nil) {
        precondition(count > 0, "a job that keeps \(count) checkpoints cannot be resumed")
        self.count = count
        self.inUse = inUse
    }
}

extension JobContext {
    /// Writes something under the lease, in a transaction of its own.
    /// - Throws: ``QueueError/leaseLost(jobs:)``, in which case nothing was committed, or what `writes` throws.
    public nonisolated(nonsending) func write(
        for job: ClaimedJob, _ writes: (_ transaction: PostgresConnection) async throws -> Void
    ) async throws {
        do {
            try await pool.withTransaction { transaction in
                try await transaction.query(
                    PostgresQuery("SELECT hone.guard(\(job.id), \(job.fence))").named("guard a lease"))
                try await writes(transaction)
                // Heartbeats pass over a lease that is locked, so one that was held long may have run out meanwhile.
                try await transaction.execute(
                    WorkerStatements.renew(LeaseID(job), leaseDuration: worker.configuration.leaseDuration))
            }
        } catch let error as PostgresError where error.sqlState == .leaseLost {
            throw QueueError.leaseLost(jobs: [job.id])
        }
    }

    /// Records a checkpoint under the lease, together with what `writes` adds, and drops those of its name that are not
    /// to be kept any longer. The files that they name stay in the store.
    /// - Throws: ``QueueError/leaseLost(jobs:)``, or what `writes` throws.
    public nonisolated(nonsending) func save(
        _ checkpoint: JobCheckpoint, for job: ClaimedJob,
        keeping retention: CheckpointRetention = CheckpointRetention(),
        _ writes: (_ transaction: PostgresConnection) async throws -> Void = { _ in }
    ) async throws {
        try await write(for: job) { transaction in
            try await writes(transaction)
            try await transaction.execute(Self.insertion(of: checkpoint, for: job))
            try await transaction.execute(Self.deletion(of: checkpoint.name, for: job, keeping: retention))
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

    private static func deletion(
        of name: String, for job: ClaimedJob, keeping retention: CheckpointRetention
    ) -> PostgresQuery {
        PostgresQuery(
            """
            DELETE FROM hone.job_checkpoints c
            WHERE c.job_id = \(job.id) AND c.name = \(name) AND c.ordinal IS DISTINCT FROM \(retention.inUse)
                AND c.ordinal < (
                    SELECT k.ordinal FROM hone.job_checkpoints k WHERE k.job_id = \(job.id) AND k.name = \(name)
                    ORDER BY k.ordinal DESC OFFSET \(retention.count - 1) LIMIT 1)
            """
        ).named("drop older checkpoints of a job")
    }

    /// The checkpoints of that name that attempts at the job have saved and that were kept, newest first.
    public func checkpoints(named name: String, for job: ClaimedJob) async throws(PostgresError) -> [JobCheckpoint] {
        let rows = try await pool.query(
            PostgresQuery(
                """
                SELECT ordinal, state, artifact_sha256 FROM hone.job_checkpoints
                WHERE job_id = \(job.id) AND name = \(name) ORDER BY ordinal DESC
                """
            ).named("read the checkpoints of a job"))
        return try rows.map { row throws(PostgresError) in
            JobCheckpoint(
                name: name, ordinal: try row.decode("ordinal"), state: try row.decode("state"),
                artifactSHA256: try row.decode("artifact_sha256"))
        }
    }

    /// The latest checkpoint of that name that any attempt at the job has saved.
    public func latestCheckpoint(named name: String, for job: ClaimedJob) async throws(PostgresError) -> JobCheckpoint?
    {
        try await checkpoints(named: name, for: job).first
    }

    /// Drops checkpoints that turned out to be of no use, in a transaction that has guarded the lease.
    public func dropCheckpoints(
        named name: String, after ordinal: Int64, for job: ClaimedJob, in transaction: PostgresConnection
    ) async throws(PostgresError) {
        try await transaction.execute(
            PostgresQuery(
                """
                DELETE FROM hone.job_checkpoints
                WHERE job_id = \(job.id) AND name = \(name) AND ordinal > \(ordinal)
                """
            ).named("drop unusable checkpoints of a job"))
    }
}
