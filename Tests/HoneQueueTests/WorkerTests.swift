import Foundation
import HoneConcurrency
import HonePostgres
import HoneTesting
import Synchronization
import Testing

@testable import HoneQueue

@Suite(.temporaryDatabase) struct WorkerTests {
    @Test func aWorkerCompletesJobsTogetherWithTheirEffects() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        try await pool.execute("CREATE TABLE effects (job_id bigint)")
        let handler = ClosureHandler(batchLimit: 16) { jobs, context in
            try await context.complete(jobs.map { ($0, $0.payload) }) { transaction, held in
                for job in held { try await transaction.execute("INSERT INTO effects VALUES (\(job.id))") }
            }
        }
        let ids = try await queue.enqueue(
            "noop", payloads: (0..<100).map { PostgresJSON(text: #"{"number": \#($0)}"#) })
        try await withWorker(pool, handler, concurrency: 3) { _ in
            for id in ids { try await queue.wait(for: .succeeded, of: id) }
        }
        let (effectCount, jobCount): (Int64, Int64) = try await pool.query(
            "SELECT count(*), count(DISTINCT job_id) FROM effects")[0].decode(Int64.self, Int64.self)
        #expect(effectCount == 100 && jobCount == 100)
        #expect(
            try await pool.value("SELECT (result->>'number')::bigint FROM hone.results WHERE job_id = \(ids[7])") == 7
                as Int64)
        #expect(try await pool.value("SELECT stopped_at IS NOT NULL FROM hone.workers") == true)
    }

    @Test func aRunningJobIsCancelledWithinASecondAndItsHandlerStopped() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let started = Mailbox<Void>()
        let stopped = Mailbox<Bool>()
        let handler = ClosureHandler { _, context in
            started.send(())
            await untilCancelled()
            stopped.send(context.isCancelled)
        }
        let job = try await queue.enqueueNoop()
        try await withWorker(pool, handler) { _ in
            try await started.next()
            let asked = ContinuousClock.now
            #expect(try await queue.cancel(job))
            try await queue.wait(for: .cancelled, of: job)
            #expect(try await stopped.next())
            #expect(ContinuousClock.now - asked < .seconds(1))
        }
        #expect(try await pool.value("SELECT outcome FROM hone.attempts") == "cancelled")
    }

    @Test func aJobThatIsCancelledBetweenTwoAttemptsShowsThoseThatItHad() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let handler = ClosureHandler { _, _ in throw JobFailure.retryable("as asked", after: .seconds(3600)) }
        let job = try await queue.enqueueNoop()
        try await withWorker(pool, handler) { _ in try await queue.wait(for: .retryable, of: job) }
        #expect(try await queue.cancel(job))
        let row = try await pool.query("SELECT state, attempt, error FROM hone.jobs WHERE id = \(job)")[0]
        let (state, attempt, error) = try row.decode(String.self, Int.self, String.self)
        #expect((state, attempt, error) == ("cancelled", 1, "cancelled before its next attempt"))
    }

    @Test func aCancelledJobDropsOutOfItsBatchAndTheOthersGoOn() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let started = Mailbox<Void>()
        let goOn = Mailbox<Void>()
        let handler = ClosureHandler(batchLimit: 3) { jobs, context in
            started.send(())
            try await goOn.next()
            try await context.complete(jobs.map { ($0, PostgresJSON(text: "{}")) }) { _, held in
                #expect(held.count == 2)
            }
        }
        let ids = try await queue.enqueue("noop", payloads: Array(repeating: PostgresJSON(text: "{}"), count: 3))
        try await withWorker(pool, handler) { _ in
            try await started.next()
            try await queue.cancel(ids[1])
            try await queue.wait(for: .cancelled, of: ids[1])
            goOn.send(())
            try await queue.wait(for: .succeeded, of: ids[0])
            try await queue.wait(for: .succeeded, of: ids[2])
        }
        try await pool.expectEveryJobAccountedFor(3)
    }

    @Test func whatAHandlerThrowsIsOnRecordAndTheNextAttemptComesAlone() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let batches = Mailbox<[Int]>()
        let handler = ClosureHandler(batchLimit: 4) { jobs, context in
            batches.send(jobs.map(\.attempt))
            if jobs[0].attempt == 1 { throw JobFailure.retryable("first time", after: .zero) }
            if jobs[0].id % 2 == 0 { throw JobFailure.permanent("even") }
            try await context.complete(jobs[0])
        }
        let ids = try await queue.enqueue("noop", payloads: Array(repeating: PostgresJSON(text: "{}"), count: 4))
        try await withWorker(pool, handler) { _ in
            for id in ids { try await queue.wait(for: id % 2 == 0 ? .failed : .succeeded, of: id) }
        }
        #expect(try await batches.next() == [1, 1, 1, 1])
        for _ in 0..<4 { #expect(try await batches.next() == [2]) }
        #expect(try await pool.value("SELECT count(*) FROM hone.attempts WHERE error = 'first time'") == 4 as Int64)
    }

    @Test func aHandlerThatForgetsToCompleteFailsItsJob() async throws {
        let pool = try TemporaryDatabase.current.pool
        let job = try await JobQueue(pool).enqueueNoop()
        try await withWorker(pool, ClosureHandler { _, _ in }) { _ in
            try await JobQueue(pool).wait(for: .failed, of: job)
        }
    }

    @Test func aDrainingWorkerGivesBackWhatItCannotFinish() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let started = Mailbox<Void>()
        let handler = ClosureHandler { _, _ in
            started.send(())
            await untilCancelled()
            throw CancellationError()
        }
        let job = try await queue.enqueueNoop(JobOptions(maxAttempts: 1))
        try await withWorker(pool, handler) { stop in
            try await started.next()
            await stop()
            try await queue.wait(for: .available, of: job, within: .seconds(5))
        }
        let next = try await TestWorker(pool).claimOne()
        #expect(next.id == job && next.attempt == 1)
    }

    @Test func aWorkerThatStopsWhenIdleWaitsForRetriesButNotForTheFarFuture() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let later = try await queue.enqueueNoop(JobOptions(runAt: Date(timeIntervalSinceNow: 3600)))
        let job = try await queue.enqueueNoop()
        let handler = ClosureHandler { jobs, context in
            if jobs[0].attempt == 1 { throw JobFailure.retryable("again", after: .milliseconds(300)) }
            try await context.complete(jobs[0])
        }
        var configuration = WorkerConfiguration(name: "drainer")
        configuration.stopsWhenIdle = true
        let service = try WorkerService(pool: pool, configuration: configuration, handlers: [handler])
        try await withDeadline(.seconds(20)) { try await service.run() }
        #expect(try await queue.state(of: job) == .succeeded)
        #expect(try await queue.state(of: later) == .scheduled)
    }

    @Test func progressAndLogLinesAreVisibleWhileTheJobRuns() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let reported = Mailbox<Void>()
        let goOn = Mailbox<Void>()
        let handler = ClosureHandler { jobs, context in
            try await context.report(PostgresJSON(text: #"{"step": 3}"#), for: jobs[0])
            try await context.log("halfway", for: jobs[0])
            try await context.save(
                JobCheckpoint(name: "train", ordinal: 3, state: PostgresJSON(text: #"{"loss": 1}"#)), for: jobs[0])
            reported.send(())
            try await goOn.next()
            #expect(try await context.latestCheckpoint(named: "train", for: jobs[0])?.ordinal == 3)
            try await context.complete(jobs[0])
        }
        let job = try await queue.enqueueNoop()
        try await withWorker(pool, handler) { _ in
            try await reported.next()
            #expect(try await pool.value("SELECT (progress->>'step')::int FROM hone.jobs") == 3 as Int32)
            #expect(try await pool.value("SELECT message FROM hone.job_logs") == "halfway")
            #expect(try await pool.value("SELECT worker FROM hone.jobs") == "worker under test")
            goOn.send(())
            try await queue.wait(for: .succeeded, of: job)
        }
    }

    @Test func handlersMustBeThereAndBeDistinct() async throws {
        let pool = try TemporaryDatabase.current.pool
        let handler = ClosureHandler { _, _ in }
        #expect(throws: QueueError.self) {
            try WorkerService(pool: pool, configuration: WorkerConfiguration(name: "none"), handlers: [])
        }
        #expect(throws: QueueError.self) {
            try WorkerService(
                pool: pool, configuration: WorkerConfiguration(name: "two"), handlers: [handler, handler])
        }
    }
}

@Suite(.temporaryDatabase) struct WakeUpTests {
    @Test func anIdleWorkerIsWokenByAnEnqueueAndNotByItsPoll() async throws {
        let database = try TemporaryDatabase.current
        let pool = database.pool
        let queue = JobQueue(pool)
        let ran = Mailbox<Void>()
        let handler = ClosureHandler { jobs, context in
            try await context.complete(jobs[0])
            ran.send(())
        }
        let neverPoll: (inout WorkerConfiguration) -> Void = {
            $0.shortestPoll = .seconds(3600)
            $0.pollInterval = .seconds(3600)
            $0.maintenanceInterval = .seconds(3600)
        }
        try await withWorker(pool, handler, configure: neverPoll) { _ in
            for _ in 0..<3 {
                try await someoneSleeps(pool)
                try await queue.enqueueNoop()
                try await ran.next(within: .seconds(60))
            }
            try await someoneSleeps(pool)
            try await queue.enqueueNoop(JobOptions(runAt: Date(timeIntervalSinceNow: 0.3)))
            try await ran.next(within: .seconds(60))
        }
    }

    private func someoneSleeps(_ pool: PostgresPool) async throws {
        try await withDeadline(.seconds(20)) {
            while try await pool.value("SELECT count(*) FROM hone.sleepers", as: Int64.self) == 0 { await Task.yield() }
        }
    }
}
