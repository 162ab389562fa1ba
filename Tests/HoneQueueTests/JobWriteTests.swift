import HonePostgres
import HoneTesting
import Testing

@testable import HoneQueue

/// What a job writes while it runs.
@Suite(.temporaryDatabase) struct JobWriteTests {
    @Test(
        arguments: [
            (CheckpointRetention(), [4, 5]), (CheckpointRetention(count: 1), [5]),
            (CheckpointRetention(count: 9), [1, 2, 3, 4, 5]),
            (CheckpointRetention(count: 2, inUse: 2), [2, 4, 5]),
        ] as [(CheckpointRetention, [Int64])])
    func theNewestCheckpointsAreKeptAndTheOneInUse(_ retention: CheckpointRetention, kept: [Int64]) async throws {
        let pool = try TemporaryDatabase.current.pool
        let found = Mailbox<[Int64]>()
        let handler = ClosureHandler { jobs, context in
            for ordinal in 1...5 as ClosedRange<Int64> {
                let checkpoint = JobCheckpoint(name: "a", ordinal: ordinal, state: PostgresJSON(text: "{}"))
                try await context.save(checkpoint, for: jobs[0], keeping: retention)
            }
            // Of another name, so none of those.
            let other = JobCheckpoint(name: "b", ordinal: 9, state: PostgresJSON(text: "{}"))
            try await context.save(other, for: jobs[0], keeping: CheckpointRetention(count: 1))
            found.send(try await context.checkpoints(named: "a", for: jobs[0]).map(\.ordinal))
            try await context.complete(jobs[0])
        }
        try await JobQueue(pool).enqueueNoop()
        try await withWorker(pool, handler) { _ in
            let ordinals = try await found.next()
            #expect(ordinals == kept.reversed())
        }
    }

    @Test func aWriteThatOutlastsItsLeaseRenewsIt() async throws {
        let pool = try TemporaryDatabase.current.pool
        let renewed = Mailbox<Bool>()
        let handler = ClosureHandler { jobs, context in
            try await context.write(for: jobs[0]) { transaction in
                try await transaction.execute(
                    "UPDATE hone.task_leases SET lease_until = clock_timestamp() - interval '1 second'")
            }
            renewed.send(
                try await pool.query("SELECT FROM hone.task_leases WHERE lease_until > clock_timestamp()").count == 1)
            try await context.complete(jobs[0])
        }
        try await JobQueue(pool).enqueueNoop()
        try await withWorker(pool, handler) { _ in
            let isRenewed = try await renewed.next()
            #expect(isRenewed)
        }
    }

    @Test func anAttemptThatLostItsLeaseWritesNothing() async throws {
        let pool = try TemporaryDatabase.current.pool
        let failed = Mailbox<(any Error)?>()
        let handler = ClosureHandler { jobs, context in
            do {
                // In a task of its own, which the cancellation that a lost lease brings as well does not reach.
                try await Task {
                    try await pool.execute("UPDATE hone.task_leases SET fence = nextval('hone.fences')")
                    try await context.write(for: jobs[0]) { transaction in
                        try await transaction.execute("INSERT INTO hone.datasets (name) VALUES ('late')")
                    }
                }.value
                failed.send(nil)
            } catch {
                failed.send(error)
            }
        }
        try await JobQueue(pool).enqueueNoop()
        try await withWorker(pool, handler) { _ in
            let error = try await failed.next()
            #expect(error is QueueError)
        }
        #expect(try await pool.query("SELECT FROM hone.datasets").isEmpty)
    }
}
