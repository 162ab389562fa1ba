public import FoundationEssentials
public import HonePostgres

/// What a producer may say about a job besides its kind and payload.
public struct JobOptions: Sendable {
    public var queue = "default"
    /// From -1000 to 1000; a smaller number runs first.
    public var priority = 0
    /// Not before this time; nil: at once.
    public var runAt: Date?
    /// While a job of the same kind with this key lives, it takes the place of a new one.
    public var uniqueKey: String?
    /// nil: the number that `hone.kinds` has for the kind.
    public var maxAttempts: Int?
    /// Jobs that must have succeeded before.
    public var dependsOn: [Int64] = []

    public init(
        queue: String = "default", priority: Int = 0, runAt: Date? = nil, uniqueKey: String? = nil,
        maxAttempts: Int? = nil, dependsOn: [Int64] = []
    ) {
        self.queue = queue
        self.priority = priority
        self.runAt = runAt
        self.uniqueKey = uniqueKey
        self.maxAttempts = maxAttempts
        self.dependsOn = dependsOn
    }
}

/// The producers' side of the queue: the SQL functions that any client may call.
///
/// On a connection inside a transaction the jobs appear when it commits, and never if it rolls back.
public struct JobQueue: Sendable {
    private let session: any PostgresSession

    public init(_ session: any PostgresSession) {
        self.session = session
    }

    /// Adds a job. Its payload is a JSON object of at most 1 MiB.
    /// - Returns: Its id, or that of the live job with the same unique key.
    /// - Throws: A server error with SQLSTATE `HN002` (unknown kind), `HN003` (bad argument) or `HN004` (unknown
    ///   dependency).
    @discardableResult
    public func enqueue(
        _ kind: String, payload: PostgresJSON, options: JobOptions = JobOptions()
    ) async throws(PostgresError) -> Int64 {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT hone.enqueue(
                    \(kind), \(payload), queue => \(options.queue), priority => \(Int32(clamping: options.priority)),
                    run_at => \(options.runAt), unique_key => \(options.uniqueKey),
                    max_attempts => \(options.maxAttempts.map { Int32(clamping: $0) }),
                    depends_on => \(options.dependsOn)) AS id
                """
            ).named("enqueue a job"))
        return try rows.one().decode("id")
    }

    /// Adds many jobs of one kind in one statement. Unique keys and dependencies are for single jobs.
    /// - Returns: Their ids in the payloads' order.
    /// - Throws: As ``enqueue(_:payload:options:)``; nothing is added then.
    @discardableResult
    public func enqueue(
        _ kind: String, payloads: [PostgresJSON], options: JobOptions = JobOptions()
    ) async throws(PostgresError) -> [Int64] {
        precondition(
            options.uniqueKey == nil && options.dependsOn.isEmpty, "unique keys and dependencies are for single jobs")
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT id FROM hone.enqueue_many(
                    \(kind), \(payloads), queue => \(options.queue), priority => \(Int32(clamping: options.priority)),
                    run_at => \(options.runAt),
                    max_attempts => \(options.maxAttempts.map { Int32(clamping: $0) })) AS id
                """
            ).named("enqueue jobs"))
        return try rows.map { row throws(PostgresError) in try row.decode("id") }
    }

    /// Cancels a job and all that wait for it; a running one is asked to stop.
    /// - Returns: False if it had ended already.
    /// - Throws: A server error with SQLSTATE `HN004` if there is no such job.
    @discardableResult
    public func cancel(_ job: Int64) async throws(PostgresError) -> Bool {
        try await session.query(PostgresQuery("SELECT hone.cancel(\(job)) AS done").named("cancel a job"))
            .one().decode("done")
    }

    /// Runs a failed or cancelled job again with fresh attempts, and with it what was cancelled for its sake.
    /// - Returns: False if the job is available, running or waiting anyway.
    /// - Throws: A server error with SQLSTATE `HN004` if there is no such job, `HN005` if it has succeeded.
    @discardableResult
    public func retry(_ job: Int64) async throws(PostgresError) -> Bool {
        try await session.query(PostgresQuery("SELECT hone.retry(\(job)) AS done").named("retry a job"))
            .one().decode("done")
    }

    /// The state of a job, nil if there is no such job.
    public func state(of job: Int64) async throws(PostgresError) -> JobState? {
        try await session.query(
            PostgresQuery("SELECT state FROM hone.job_status WHERE id = \(job)").named("read a job's state")
        ).first?.decode("state")
    }
}

extension [PostgresRow] {
    /// The only row of a statement that always has one.
    func one() -> PostgresRow {
        precondition(count == 1, "a statement that returns one row returned \(count)")
        return self[0]
    }
}
