import HoneConcurrency
import HonePostgres
import HoneTesting
import Synchronization
import Testing

@testable import HoneQueue

/// Jobs that wait for others.
@Suite(.temporaryDatabase) struct WaitingTests {
    /// Completes and counts.
    private struct Counter: JobHandler {
        static let kind = "noop"
        let runs = Mailbox<Int64>()

        func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
            for job in jobs {
                if job.payload.text.contains("fail") { throw JobFailure.permanent("as asked") }
                try await context.complete(job)
                runs.send(job.id)
            }
        }
    }

    @Test func theOnlyPlaceOfAWorkerIsLentToWhatItsJobWaitsFor() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let waited = Mutex<[Int64]>([])
        let found = Mailbox<[Bool]>()
        let counter = Counter()
        let handler = ClosureHandler { jobs, context in
            let others = waited.withLock { $0 }
            var helped: [Bool] = []
            for _ in 0..<others.count + 1 { helped.append(try await context.help(with: others, by: counter)) }
            try await context.complete(jobs[0])
            found.send(helped)
        }
        // The waiting job comes first, so the worker has it when the others are looked at.
        let first = try await queue.enqueueNoop(JobOptions(priority: -1))
        let good = try await queue.enqueueNoop()
        let bad = try await queue.enqueue("noop", payload: PostgresJSON(text: #"{"fail": true}"#))
        waited.withLock { $0 = [good, bad] }
        try await withWorker(pool, handler) { _ in
            #expect(try await found.next() == [true, true, false])
            try await queue.wait(for: .succeeded, of: first)
        }
        #expect(try await queue.state(of: good) == .succeeded)
        #expect(try await queue.state(of: bad) == .failed)
        try await pool.expectEveryJobAccountedFor(3)
    }

    @Test func itIsKnownWhetherAWorkerRunsThatTakesAKind() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let handler = ClosureHandler { jobs, context in try await context.complete(jobs[0]) }
        @Sendable func taken() async throws -> [Bool] {
            let row = try await pool.query("SELECT hone.is_taken('noop') AS noop, hone.is_taken('verify') AS verify")[0]
            return [try row.decode("noop"), try row.decode("verify")]
        }
        #expect(try await taken() == [false, false])
        let job = try await queue.enqueueNoop()
        try await withWorker(pool, handler) { _ in
            try await queue.wait(for: .succeeded, of: job)
            #expect(try await taken() == [true, false])
        }
    }

    @Test func aWorkerKnowsWhetherOthersAreThere() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let found = Mailbox<Bool>()
        let handler = ClosureHandler { jobs, context in
            found.send(try await context.isAlone())
            try await context.complete(jobs[0])
        }
        try await withWorker(pool, handler) { _ in
            _ = try await queue.enqueueNoop()
            #expect(try await found.next())
            try await pool.withConnection { session in
                let other: Int32 = try await session.query(
                    "SELECT hone.register_worker('another', 'there', 1, 'test', '{}') AS id"
                )[0].decode("id")
                try await session.query("SELECT hone.attach_worker(\(other))")
                _ = try await queue.enqueueNoop()
                #expect(try await !found.next())
                try await session.query("SELECT hone.stop_worker(\(other))")
            }
            _ = try await queue.enqueueNoop()
            #expect(try await found.next())
        }
    }

    @Test func aPausedQueueLendsNothing() async throws {
        let pool = try TemporaryDatabase.current.pool
        let job = try await JobQueue(pool).enqueueNoop()
        let worker = try await TestWorker(pool)
        try await pool.query("SELECT hone.pause('default')")
        let claim = worker.statements.claim(jobs: [job], limit: 1, leaseDuration: .seconds(15))
        #expect(try await pool.query(claim).isEmpty)
        try await pool.query("SELECT hone.pause('default', false)")
        #expect(try await pool.query(claim).count == 1)
        #expect(try await pool.query(claim).isEmpty)
    }

    @Test func newsWakeTheJobThatTheyAreFor() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ready = Mailbox<Int64>()
        let told = Mailbox<Void>()
        let handler = ClosureHandler { jobs, context in
            let news = context.news(for: jobs[0])
            ready.send(jobs[0].id)
            await news.wait()
            told.send(())
            try await context.complete(jobs[0])
        }
        try await JobQueue(pool).enqueueNoop()
        // With a poll as long as this the test would time out without the notification.
        func poll(_ configuration: inout WorkerConfiguration) { configuration.pollInterval = .seconds(3600) }
        try await withWorker(pool, handler, configure: poll) { _ in
            let job = try await ready.next()
            // The listener may not have connected yet, so they repeat.
            let repeated = Task {
                while !Task.isCancelled {
                    try await pool.query("SELECT pg_notify('hone_news', \("\(job)")), pg_sleep(0.05)")
                }
            }
            try await told.next()
            repeated.cancel()
        }
    }

    @Test func newsThatComeBeforeTheWaitAreNotMissed() async {
        let board = NewsBoard()
        let news = JobNews(for: 7, on: board, longestWait: .seconds(3600))
        board.tell(8)
        board.tell(7)
        await news.wait()
    }
}
