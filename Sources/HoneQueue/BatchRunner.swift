import HonePostgres
import Logging

/// Runs one batch: the handler, beside it whatever may stop it, and afterwards what the handler left open.
struct BatchRunner: Sendable {
    let pool: PostgresPool
    let worker: WorkerState

    /// Why a handler was stopped before its time.
    private struct Stopped: Error {}

    func run(_ batch: RunningBatch, with handler: any JobHandler) async {
        var logger = worker.logger
        logger[metadataKey: "job"] = "\(batch.jobs[0].id)"
        let context = JobContext(pool: pool, logger: logger, worker: worker, batch: batch)
        var failure: (any Error)?
        do {
            try await runStoppable(batch, handler, context)
        } catch {
            failure = error
        }
        await close(batch.remaining, after: failure, context)
    }

    /// Gives back a batch that was not begun.
    func giveBack(_ batch: RunningBatch) async {
        do throws(PostgresError) {
            try await release(batch.remaining)
        } catch {
            abandon(batch.remaining, error)
        }
    }

    private func runStoppable(
        _ batch: RunningBatch, _ handler: any JobHandler, _ context: JobContext
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await handler.run(batch.jobs, context: context) }
            group.addTask {
                await batch.stop.wait()
                throw Stopped()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Fails the jobs that the handler left, or gives them back if they are not to blame.
    private func close(_ open: [ClaimedJob], after failure: (any Error)?, _ context: JobContext) async {
        if open.isEmpty { return }
        do throws(PostgresError) {
            if isBlameless(failure) {
                try await release(open)
            } else {
                let reason = failure ?? JobFailure.permanent("the handler ended without completing the job")
                for job in open { try await context.fail(job, JobFailure.meaning(of: reason)) }
            }
        } catch {
            abandon(open, error)
        }
    }

    /// The leases run out, and others take the jobs over.
    private func abandon(_ jobs: [ClaimedJob], _ error: PostgresError) {
        worker.logger.error("cannot end \(jobs.count) jobs", metadata: ["error": "\(error)"])
        worker.book.remove(jobs.map { LeaseID($0) })
    }

    private func isBlameless(_ failure: (any Error)?) -> Bool {
        switch failure {
        case is Stopped: true
        case is CancellationError: worker.isDraining || Task.isCancelled
        case let error as PostgresError:
            switch error {
            case .cancelled: worker.isDraining || Task.isCancelled
            default: error.isTransient
            }
        default: false
        }
    }

    private func release(_ jobs: [ClaimedJob]) async throws(PostgresError) {
        let leases = jobs.map { LeaseID($0) }
        try await worker.whileUnreachable(holding: leases) { () async throws(PostgresError) in
            _ = try await pool.query(WorkerStatements.release(leases))
        }
        worker.book.remove(leases)
    }
}
