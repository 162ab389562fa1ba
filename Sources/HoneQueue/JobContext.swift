import FoundationEssentials
public import HonePostgres
public import Logging

/// What a handler has at hand: the database, the fate of its jobs, and the ways to finish them.
public struct JobContext: Sendable {
    /// For reading; what a job writes goes through ``complete(_:result:_:)``.
    public let pool: PostgresPool
    public let logger: Logger
    let worker: WorkerState
    let batch: RunningBatch

    public enum LogLevel: String, Sendable {
        case debug
        case info
        case warning
        case error
    }

    /// Whether the handler should come to an end soon: the worker is stopping. A long job saves where it is and throws
    /// `CancellationError`; it is then given back and goes on elsewhere.
    public var isDraining: Bool { worker.isDraining }

    /// Whether none of the jobs is to go on, because they were cancelled or their leases lost.
    public var isCancelled: Bool { batch.remaining.isEmpty || Task.isCancelled }

    /// Whether this job is still to be done. A cancelled job of a batch drops out while the others go on.
    public func isWanted(_ job: ClaimedJob) -> Bool {
        batch.fate(of: job.id) == .running
    }

    /// Completes a job: guards the lease, runs `writes`, stores the result, and commits it all as one transaction.
    ///
    /// When the server restarts in between, the transaction is tried again, so `writes` may run more than once; only
    /// one run of it is ever committed. When the reply to COMMIT is lost, its outcome is read back.
    /// - Throws: ``QueueError/leaseLost(jobs:)``, in which case nothing was committed, or what `writes` throws.
    public nonisolated(nonsending) func complete(
        _ job: ClaimedJob, result: PostgresJSON = PostgresJSON(text: "{}"),
        _ writes: (_ transaction: PostgresConnection) async throws -> Void = { _ in }
    ) async throws {
        try await complete([(job, result)]) { transaction, _ in try await writes(transaction) }
    }

    /// Completes jobs of a batch in one transaction. Jobs that were cancelled or lost meanwhile are left out; `writes`
    /// gets those that are still held.
    /// - Throws: ``QueueError/leaseLost(jobs:)`` if none of the jobs is held any more, or what `writes` throws.
    public nonisolated(nonsending) func complete(
        _ results: [(job: ClaimedJob, result: PostgresJSON)],
        _ writes: (_ transaction: PostgresConnection, _ held: [ClaimedJob]) async throws -> Void = { _, _ in }
    ) async throws {
        let byJob = Dictionary(uniqueKeysWithValues: results.map { ($0.job.id, $0.result) })
        try await Completion(context: self, jobs: results.map(\.job)).run { transaction, held in
            try await writes(transaction, held)
            return held.compactMap { byJob[$0.id] }
        }
    }

    /// Completes a job with a result that its writes bring about, such as the id of a new row; see
    /// ``complete(_:result:_:)``.
    public nonisolated(nonsending) func complete(
        _ job: ClaimedJob, producing writes: (_ transaction: PostgresConnection) async throws -> PostgresJSON
    ) async throws {
        try await Completion(context: self, jobs: [job]).run { transaction, _ in [try await writes(transaction)] }
    }

    /// Completes jobs of a batch with results that their writes bring about: `writes` gets those that are still held
    /// and gives a result for each, in their order; see ``complete(_:_:)``.
    public nonisolated(nonsending) func complete(
        _ jobs: [ClaimedJob],
        producing writes: (_ transaction: PostgresConnection, _ held: [ClaimedJob]) async throws -> [PostgresJSON]
    ) async throws {
        try await Completion(context: self, jobs: jobs).run(writes)
    }

    /// Ends this attempt of one job of a batch with an error while the others go on. It is tried again unless the
    /// failure is permanent or no attempts are left; a postponed one uses up none.
    public func fail(_ job: ClaimedJob, _ failure: JobFailure) async throws(PostgresError) {
        let lease = LeaseID(job)
        do {
            try await worker.whileUnreachable(holding: [lease]) { () async throws(PostgresError) in
                _ = try await pool.query(
                    failure.isBlameless
                        ? WorkerStatements.postpone(lease, failure) : WorkerStatements.fail(lease, failure))
            }
        } catch  where error.sqlState == .leaseLost {
            // It ended in another way; the database knows how.
            logger.debug("job \(job.id) was no longer held when it failed")
        }
        worker.book.remove([lease])
        batch.settle([job.id], as: .settled)
    }

    /// Shows how far a job is, for `hone jobs show` and the like; a JSON object by custom.
    /// - Throws: ``QueueError/leaseLost(jobs:)``, or the server's error.
    public func report(_ progress: PostgresJSON, for job: ClaimedJob) async throws {
        do {
            try await pool.execute(WorkerStatements.reportProgress(LeaseID(job), progress))
        } catch  where error.sqlState == .leaseLost {
            throw QueueError.leaseLost(jobs: [job.id])
        }
    }

    /// Adds a line to the job's log.
    public func log(_ message: String, level: LogLevel = .info, for job: ClaimedJob) async throws(PostgresError) {
        try await pool.execute(WorkerStatements.log(LeaseID(job), level: level.rawValue, message: message))
    }
}
