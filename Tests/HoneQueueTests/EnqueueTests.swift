import Foundation
import HonePostgres
import HoneTesting
import Testing

@testable import HoneQueue

@Suite(.temporaryDatabase) struct EnqueueTests {
    @Test func aRolledBackTransactionLeavesNoJobAndACommittedOneItsBusinessRowToo() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await pool.execute("CREATE TABLE orders (job_id bigint)")
        struct Abort: Error {}
        await #expect(throws: Abort.self) {
            try await pool.withTransaction { transaction in
                let job = try await JobQueue(transaction).enqueueNoop()
                try await transaction.execute("INSERT INTO orders VALUES (\(job))")
                throw Abort()
            }
        }
        try await pool.expectEveryJobAccountedFor(0)
        let job = try await pool.withTransaction { transaction in
            let job = try await JobQueue(transaction).enqueueNoop()
            try await transaction.execute("INSERT INTO orders VALUES (\(job))")
            return job
        }
        #expect(try await pool.value("SELECT job_id FROM orders", as: Int64.self) == job)
        #expect(try await JobQueue(pool).state(of: job) == .available)
    }

    @Test func badArgumentsAreRefusedWithTheFaultNamed() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let empty = PostgresJSON(text: "{}")
        await expectRefusal(.unknownKind) { try await queue.enqueue("fly", payload: empty) }
        await expectRefusal(.badArgument) { try await queue.enqueue("noop", payload: PostgresJSON(text: "[1]")) }
        await expectRefusal(.badArgument) { try await pool.query("SELECT hone.enqueue('noop', NULL)") }
        await expectRefusal(.badArgument) { try await queue.enqueueNoop(JobOptions(priority: 1001)) }
        await expectRefusal(.badArgument) { try await queue.enqueueNoop(JobOptions(queue: "no spaces")) }
        await expectRefusal(.badArgument) { try await queue.enqueueNoop(JobOptions(maxAttempts: 0)) }
        await expectRefusal(.unknownJob) { try await queue.enqueueNoop(JobOptions(dependsOn: [987_654])) }
        await expectRefusal("22P02") { try await queue.enqueue("noop", payload: PostgresJSON(text: "{oops")) }
        await expectRefusal(.badArgument) {
            try await queue.enqueue("noop", payloads: [empty, PostgresJSON(text: "3"), empty])
        }
        let large = PostgresJSON(text: #"{"x":"\#(String(repeating: "a", count: 1 << 20))"}"#)
        await expectRefusal(.badArgument) { try await queue.enqueue("noop", payload: large) }
        try await pool.expectEveryJobAccountedFor(0)
    }

    @Test func producersThatRaceForAUniqueKeyGetOneJob() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let ids = try await withThrowingTaskGroup(of: Int64.self, returning: Set<Int64>.self) { group in
            for _ in 0..<32 {
                group.addTask { try await queue.enqueueNoop(JobOptions(uniqueKey: "nightly")) }
            }
            return try await group.reduce(into: []) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        try await pool.expectEveryJobAccountedFor(1)
        // The key belongs to live jobs of one kind: another kind may use it, and so may a later job.
        let other = try await queue.enqueue(
            "reason", payload: PostgresJSON(text: "{}"), options: JobOptions(uniqueKey: "nightly"))
        #expect(!ids.contains(other))
        let worker = try await TestWorker(pool)
        try await worker.complete([try await worker.claimOne()])
        #expect(!ids.contains(try await queue.enqueueNoop(JobOptions(uniqueKey: "nightly"))))
    }

    @Test func manyJobsKeepTheOrderOfTheirPayloads() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await JobQueue(pool).enqueue(
            "noop", payloads: (0..<100).map { PostgresJSON(text: #"{"number":\#($0)}"#) })
        let numbers = try await pool.query(
            """
            SELECT (payload->>'number')::bigint
            FROM hone.jobs JOIN unnest(\(ids)) WITH ORDINALITY AS u(job, place) ON id = job ORDER BY place
            """
        ).map { try $0.decode(Int64.self) }
        #expect(numbers == Array(0..<100))
        let claimed = try await TestWorker(pool).claim(limit: 100)
        #expect(claimed.map(\.id) == ids)
    }

    @Test func aSmallerPriorityNumberRunsFirstAndAgeDecidesBetweenKinds() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let late = try await queue.enqueueNoop(JobOptions(priority: 5))
        let first = try await queue.enqueue("reason", payload: PostgresJSON(text: "{}"))
        let second = try await queue.enqueueNoop()
        let urgent = try await queue.enqueueNoop(JobOptions(priority: -5))
        let worker = try await TestWorker(pool)
        var order: [Int64] = []
        while let job = try await worker.claim(["noop", "reason"]).first { order.append(job.id) }
        #expect(order == [urgent, first, second, late])
    }

    @Test func aScheduledJobIsOutOfReachUntilItsTime() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let worker = try await TestWorker(pool)
        let job = try await queue.enqueueNoop(JobOptions(runAt: Date(timeIntervalSinceNow: 3600)))
        #expect(try await queue.state(of: job) == .scheduled)
        let wait = try #require(try await worker.promoteDue())
        #expect((3_590_000...3_600_001).contains(wait))
        #expect(try await worker.claim().isEmpty)
        try await pool.execute("UPDATE hone.task_due SET due_at = clock_timestamp()")
        #expect(try await worker.promoteDue() == nil)
        #expect(try await worker.claim().map(\.id) == [job])
    }

    @Test func aPausedQueueAcceptsJobsAndHandsNoneOut() async throws {
        let pool = try TemporaryDatabase.current.pool
        let job = try await JobQueue(pool).enqueueNoop(JobOptions(queue: "slow"))
        let worker = try await TestWorker(pool)
        try await pool.query("SELECT hone.pause('slow')")
        #expect(try await worker.claim().isEmpty)
        try await pool.query("SELECT hone.pause('slow', false)")
        #expect(try await worker.claim(queues: ["default"]).isEmpty)
        #expect(try await worker.claim(queues: ["slow"]).map(\.id) == [job])
    }
}
