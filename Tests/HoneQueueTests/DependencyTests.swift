import HonePostgres
import HoneTesting
import Testing

@testable import HoneQueue

@Suite(.temporaryDatabase) struct DependencyTests {
    /// left and right depend on top, bottom on both.
    private struct Diamond {
        let top: Int64
        let left: Int64
        let right: Int64
        let bottom: Int64

        init(_ queue: JobQueue) async throws {
            top = try await queue.enqueueNoop(JobOptions(maxAttempts: 1))
            left = try await queue.enqueueNoop(JobOptions(dependsOn: [top]))
            right = try await queue.enqueueNoop(JobOptions(dependsOn: [top]))
            bottom = try await queue.enqueueNoop(JobOptions(dependsOn: [left, right, left]))
        }
    }

    @Test func aJobRunsAfterAllItDependsOn() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let diamond = try await Diamond(queue)
        let worker = try await TestWorker(pool)
        let top = try await worker.claim(limit: 10)
        #expect(top.map(\.id) == [diamond.top])
        try await worker.complete(top)
        let middle = try await worker.claim(limit: 10)
        #expect(middle.map(\.id) == [diamond.left, diamond.right])
        try await worker.complete([middle[0]])
        #expect(try await worker.claim().isEmpty)
        #expect(try await queue.state(of: diamond.bottom) == .waiting)
        try await worker.complete([middle[1]])
        #expect(try await worker.claim().map(\.id) == [diamond.bottom])
    }

    @Test func aFailureCancelsAllThatWaitAndARetryRevivesThem() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let diamond = try await Diamond(queue)
        let worker = try await TestWorker(pool)
        try await worker.fail(try await worker.claimOne(), .permanent("broken"))
        for job in [diamond.left, diamond.right, diamond.bottom] {
            #expect(try await queue.state(of: job) == .cancelled)
        }
        await expectRefusal(.wrongState) { try await queue.retry(diamond.bottom) }
        // Added after the failure, it shares the others' fate, and their revival.
        let straggler = try await queue.enqueueNoop(JobOptions(dependsOn: [diamond.bottom]))
        #expect(try await queue.state(of: straggler) == .cancelled)

        #expect(try await queue.retry(diamond.top))
        for _ in 0..<3 {
            let jobs = try await worker.claim(limit: 10)
            try await worker.complete(jobs)
        }
        #expect(try await worker.claim().map(\.id) == [straggler])
        try await pool.expectEveryJobAccountedFor(5)
    }

    @Test func aRevivedJobWaitsForItsOtherDependenciesToo() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let first = try await queue.enqueueNoop()
        let second = try await queue.enqueueNoop()
        let child = try await queue.enqueueNoop(JobOptions(dependsOn: [first, second]))
        let worker = try await TestWorker(pool)
        for job in try await worker.claim(limit: 2) { try await worker.fail(job, .permanent("broken")) }
        try await queue.retry(first)
        #expect(try await queue.state(of: child) == .cancelled)
        try await queue.retry(second)
        #expect(try await queue.state(of: child) == .waiting)
        try await worker.complete(try await worker.claim(limit: 2))
        #expect(try await queue.state(of: child) == .available)
    }

    @Test func cancellingAWaitingJobTakesItsDependentsAlong() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let diamond = try await Diamond(queue)
        #expect(try await queue.cancel(diamond.left))
        #expect(try await queue.state(of: diamond.right) == .waiting)
        #expect(try await queue.state(of: diamond.bottom) == .cancelled)
        #expect(try await queue.cancel(diamond.left) == false)
        // Cancelled by somebody, it is not revived for its dependency's sake.
        #expect(try await queue.cancel(diamond.top))
        #expect(try await queue.retry(diamond.top))
        #expect(try await queue.state(of: diamond.right) == .waiting)
        #expect(try await queue.state(of: diamond.left) == .cancelled)
        await expectRefusal(.unknownJob) { try await queue.cancel(31_337) }
        await expectRefusal(.unknownJob) { try await queue.retry(31_337) }
    }

    @Test func noDependentIsForgottenWhenItIsAddedWhileItsDependencyEnds() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let parentCount = 60
        let empty = PostgresJSON(text: "{}")
        let parents = try await queue.enqueue("noop", payloads: Array(repeating: empty, count: parentCount))
        let worker = try await TestWorker(pool)
        let claimed = try await worker.claim(limit: parentCount)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for job in claimed {
                    if job.id % 3 == 0 {
                        try await worker.fail(job, .permanent("broken"))
                    } else {
                        try await worker.complete([job])
                    }
                }
            }
            for lane in 0..<3 {
                group.addTask {
                    for parent in parents where Int(parent) % 2 == lane % 2 {
                        try await queue.enqueueNoop(JobOptions(dependsOn: [parent]))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pool.value("SELECT count(*) FROM hone.task_blocked", as: Int64.self) == 0)
        try await pool.expectEveryJobAccountedFor(parentCount + parentCount / 2 * 3)
    }
}
