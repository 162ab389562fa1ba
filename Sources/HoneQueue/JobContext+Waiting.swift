import HonePostgres

extension JobContext {
    /// News for a job that waits for others.
    public func news(for job: ClaimedJob) -> JobNews {
        JobNews(for: job.id, on: worker.news, longestWait: worker.configuration.pollInterval)
    }

    /// Whether this is the fleet's only worker, so that nothing need be left to others.
    /// - Throws: The database's error.
    public nonisolated(nonsending) func isAlone() async throws -> Bool {
        try await pool.query(worker.statements.isAlone)[0].decode("alone")
    }

    /// Lends the place of a job that waits to some of the jobs that it waits for: claims the first of them that are
    /// available and runs them here, as if a slot had been free for them.
    ///
    /// So a fleet of one worker cannot wait for itself, and jobs that nobody else takes are done all the same.
    /// - Parameters:
    ///   - jobs: all of the handler's kind
    ///   - limit: most that are claimed, to be run as one batch
    ///   - handler: runs them
    /// - Returns: Whether one was available. How they ended is on their own record.
    /// - Throws: `CancellationError` when the waiting job is not to go on, or the database's error.
    public nonisolated(nonsending) func help<Handler: JobHandler>(
        with jobs: [Int64], limit: Int = 1, by handler: Handler
    ) async throws -> Bool {
        if jobs.isEmpty || isDraining { return false }
        let leaseDuration = worker.configuration.leaseDuration
        let sentAt = ContinuousClock.now
        let rows = try await pool.query(
            worker.statements.claim(jobs: jobs, limit: Int32(limit), leaseDuration: leaseDuration))
        if rows.isEmpty { return false }
        let claimed = try rows.map { try ClaimedJob($0) }
        for job in claimed {
            precondition(job.kind == Handler.kind, "job \(job.id) is of kind \(job.kind), not \(Handler.kind)")
        }
        let batch = RunningBatch(claimed)
        worker.book.add(batch, until: sentAt + leaseDuration)
        await BatchRunner(pool: pool, worker: worker).run(batch, with: handler)
        try Task.checkCancellation()
        return true
    }
}
