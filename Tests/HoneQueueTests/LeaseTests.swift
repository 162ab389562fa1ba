import HonePostgres
import HoneTesting
import Testing

@testable import HoneQueue

@Suite(.temporaryDatabase) struct LeaseTests {
    @Test func workersThatClaimAtOnceNeverShareAJob() async throws {
        try await withTemporaryDatabase(poolSize: 10) { database in
            let pool = database.pool
            let jobCount = 4000
            let empty = PostgresJSON(text: "{}")
            try await JobQueue(pool).enqueue("noop", payloads: Array(repeating: empty, count: jobCount))
            let claimed = try await withThrowingTaskGroup(of: [Int64].self, returning: [Int64].self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await pool.withConnection { connection in
                            let worker = try await TestWorker(connection)
                            var mine: [Int64] = []
                            while true {
                                let jobs = try await worker.claim(limit: number % 4 * 5 + 1)
                                if jobs.isEmpty { return mine }
                                try await worker.complete(jobs)
                                mine += jobs.map(\.id)
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == jobCount)
            #expect(Set(claimed).count == jobCount)
            try await pool.expectEveryJobAccountedFor(jobCount)
        }
    }

    @Test func aZombieCanCommitNothing() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let job = try await queue.enqueueNoop()
        let zombie = try await TestWorker(pool, name: "zombie")
        let stale = try await zombie.claimOne(lease: .zero)
        try await pool.query("UPDATE hone.task_leases SET lease_until = clock_timestamp() - interval '1 s'")
        let rightful = try await TestWorker(pool, name: "rightful")
        #expect(try await rescue(pool) == 1)
        let fresh = try await rightful.claimOne()
        #expect(fresh.id == stale.id)
        #expect(fresh.fence > stale.fence)
        #expect(fresh.attempt == 1 && fresh.lostCount == 1)

        #expect(try await zombie.beat([stale]).isEmpty)
        await expectRefusal(.leaseLost) { try await zombie.complete([stale], result: #"{"by":"zombie"}"#) }
        await expectRefusal(.leaseLost) { try await zombie.fail(stale) }
        await expectRefusal(.leaseLost) {
            try await pool.query(WorkerStatements.reportProgress(LeaseID(stale), PostgresJSON(text: "{}")))
        }
        await expectRefusal(.leaseLost) { try await pool.query("SELECT hone.guard(\(stale.id), \(stale.fence))") }
        await expectRefusal(.leaseLost) { try await pool.query(WorkerStatements.confirmCancel(LeaseID(stale))) }
        #expect(try await pool.value("SELECT hone.release(\([stale.id]), \([stale.fence]))", as: Int32.self) == 0)
        try await rightful.complete([fresh], result: #"{"by":"rightful"}"#)
        #expect(try await pool.value("SELECT result->>'by' FROM hone.results WHERE job_id = \(job)") == "rightful")
        await expectRefusal(.leaseLost) { try await rightful.complete([fresh]) }
    }

    @Test func aBatchCompletesAsOneOrNotAtAll() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        for _ in 0..<3 { try await queue.enqueueNoop() }
        let worker = try await TestWorker(pool)
        let jobs = try await worker.claim(limit: 3)
        try await worker.fail(jobs[1])
        await expectRefusal(.leaseLost) { try await worker.complete(jobs) }
        #expect(try await queue.state(of: jobs[0].id) == .running)
        #expect(try await queue.state(of: jobs[2].id) == .running)
        try await worker.complete([jobs[0], jobs[2]])
        try await pool.expectEveryJobAccountedFor(3)
    }

    @Test func aFailingJobIsTriedAgainWithItsErrorsOnRecordAndThenFails() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let job = try await queue.enqueueNoop(JobOptions(maxAttempts: 3))
        let worker = try await TestWorker(pool)
        for attempt in 1...3 {
            let claimed = try await worker.claimOne()
            #expect(claimed.attempt == attempt)
            let state = try await worker.fail(claimed, .retryable("error \(attempt)", after: .zero))
            #expect(state == (attempt < 3 ? "retryable" : "failed"))
            try await worker.promoteDue()
        }
        let errors = try await pool.query("SELECT error FROM hone.attempts WHERE job_id = \(job) ORDER BY fence")
        #expect(try errors.map { try $0.decode("error", as: String.self) } == ["error 1", "error 2", "error 3"])
        #expect(try await pool.value("SELECT error FROM hone.jobs WHERE id = \(job)") == "error 3")
        // Run again by hand, it has all its attempts anew, and can succeed.
        #expect(try await queue.retry(job))
        let again = try await worker.claimOne()
        #expect(again.attempt == 1)
        try await worker.complete([again])
        await expectRefusal(.wrongState) { try await queue.retry(job) }
    }

    @Test func aPermanentFailureIsNotTriedAgain() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await JobQueue(pool).enqueueNoop()
        let worker = try await TestWorker(pool)
        #expect(try await worker.fail(try await worker.claimOne(), .permanent("no use")) == "failed")
    }

    @Test func theBackOffGrowsExponentiallyWithFullJitter() async throws {
        let pool = try TemporaryDatabase.current.pool
        for (attempt, bound) in [(1, 2.0), (4, 16.0), (30, 3600.0)] {
            let (least, most): (Double, Double) = try await pool.query(
                """
                SELECT min(s), max(s) FROM (
                    SELECT extract(epoch FROM hone.backoff(\(Int32(attempt))))::float8 AS s
                    FROM generate_series(1, 400)) b
                """)[0].decode(Double.self, Double.self)
            #expect(least >= 0 && least < bound / 10)
            #expect(most <= bound && most > bound * 0.9)
        }
    }

    @Test func aJobThatKeepsKillingItsWorkersIsGivenUpApartFromItsAttempts() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let job = try await queue.enqueueNoop(JobOptions(maxAttempts: 1))
        try await pool.execute("UPDATE hone.kinds SET max_lost = 3 WHERE kind = 'noop'")
        let worker = try await TestWorker(pool)
        for _ in 0..<3 {
            #expect(try await worker.claimOne(lease: .zero).attempt == 1)
            #expect(try await rescue(pool) == 1)
        }
        #expect(try await queue.state(of: job) == .failed)
        let error = try await pool.value("SELECT error FROM hone.jobs WHERE id = \(job)", as: String.self)
        #expect(error.hasPrefix("given up after 3 workers died"))
    }

    @Test func aHeartbeatKeepsALeaseAndARescueTakesOnlyTheOthers() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        for _ in 0..<2 { try await queue.enqueueNoop() }
        let worker = try await TestWorker(pool)
        let jobs = try await worker.claim(limit: 2, lease: .zero)
        #expect(try await worker.beat([jobs[0]]) == [jobs[0].id])
        #expect(try await rescue(pool) == 1)
        #expect(try await worker.beat(jobs) == [jobs[0].id])
        // What was at the head of its lane is there again.
        try await queue.enqueueNoop()
        #expect(try await worker.claimOne().id == jobs[1].id)
    }

    @Test func jobsGivenBackUseUpNoAttempt() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await JobQueue(pool).enqueueNoop(JobOptions(maxAttempts: 1))
        let worker = try await TestWorker(pool)
        for _ in 0..<3 {
            let job = try await worker.claimOne()
            #expect(job.attempt == 1)
            try await pool.query(WorkerStatements.release([LeaseID(job)]))
        }
    }

    /// The test's server has been up for less than a lease, so that expiry needs a short one.
    private func rescue(_ pool: PostgresPool) async throws -> Int32 {
        try await pool.value(WorkerStatements.rescue(leaseDuration: .zero, expired: true))
    }
}
