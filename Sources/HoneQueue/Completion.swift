import HonePostgres
import Logging

/// One transaction that completes jobs, carried through whatever happens to the connection.
struct Completion: Sendable {
    let context: JobContext
    let jobs: [ClaimedJob]

    private var worker: WorkerState { context.worker }
    private var leases: [LeaseID] { jobs.map { LeaseID($0) } }

    nonisolated(nonsending) func run(
        _ writes: (PostgresConnection, [ClaimedJob]) async throws -> [PostgresJSON]
    ) async throws {
        if jobs.isEmpty { return }
        worker.book.setCompleting(leases, true)
        let finished: Set<Int64>
        do {
            finished = try await commitOnce(writes)
        } catch {
            worker.book.setCompleting(leases, false)
            throw error
        }
        worker.book.remove(leases.filter { finished.contains($0.job) })
        context.batch.settle(Array(finished), as: .settled)
        worker.book.drop(leases.filter { !finished.contains($0.job) }, as: .lost)
        if finished.isEmpty { throw QueueError.leaseLost(jobs: jobs.map(\.id)) }
    }

    /// Tries until the outcome is known.
    /// - Returns: The jobs whose completion is committed.
    private nonisolated(nonsending) func commitOnce(
        _ writes: (PostgresConnection, [ClaimedJob]) async throws -> [PostgresJSON]
    ) async throws -> Set<Int64> {
        var backoff = Backoff()
        // Set while a COMMIT may have been carried out without our knowing.
        var isInDoubt = false
        while true {
            do {
                if isInDoubt {
                    let done = try await readBack()
                    if !done.isEmpty { return done }
                }
                let held = try await attempt(writes)
                // In doubt, and nothing held: the server was still busy with that COMMIT when we read back.
                return held.isEmpty && isInDoubt ? try await readBack() : held
            } catch let error as PostgresError where error.isTransient {
                if case .commitOutcomeUnknown = error { isInDoubt = true }
                worker.logger.warning("completing again", metadata: ["error": "\(error)"])
                await worker.wait(backoff.next())
                if Task.isCancelled && !isInDoubt { throw error }
            }
        }
    }

    private nonisolated(nonsending) func attempt(
        _ writes: (PostgresConnection, [ClaimedJob]) async throws -> [PostgresJSON]
    ) async throws -> Set<Int64> {
        try await context.pool.withTransaction { transaction in
            let rows = try await transaction.query(WorkerStatements.guardAll(leases))
            let held = Set(try rows.map { try $0.decode("job_id", as: Int64.self) })
            let kept = jobs.filter { held.contains($0.id) }
            if kept.isEmpty { return [] }
            let results = try await writes(transaction, kept)
            try await transaction.query(
                WorkerStatements.complete(kept.map { LeaseID($0) }, results: results))
            return held
        }
    }

    private nonisolated(nonsending) func readBack() async throws -> Set<Int64> {
        let rows = try await context.pool.query(WorkerStatements.completed(leases))
        return Set(try rows.map { try $0.decode("job_id", as: Int64.self) })
    }
}
