import HoneConcurrency
import HonePostgres
import HoneTesting
import SeededRandom
import Synchronization
import Testing

@testable import HoneQueue

@Suite(.temporaryDatabase) struct FaultTests {
    @Test func theJobsOfADeadSessionAreRunElsewhereLongBeforeTheirLeaseEnds() async throws {
        let database = try TemporaryDatabase.current
        let queue = JobQueue(database.pool)
        let job = try await queue.enqueueNoop()
        let doomed = try await PostgresConnection.connect(to: database.configuration)
        let victim = try await TestWorker(doomed, name: "victim")
        #expect(try await doomed.value(victim.statements.attach) == true)
        let claimed = try await victim.claimOne(lease: .seconds(600))
        let ran = Mailbox<ClaimedJob>()
        let handler = ClosureHandler { jobs, context in
            try await context.complete(jobs[0])
            ran.send(jobs[0])
        }
        try await withWorker(database.pool, handler) { _ in
            await doomed.close()
            let died = ContinuousClock.now
            let rerun = try await ran.next()
            #expect(rerun.id == job && rerun.fence > claimed.fence && rerun.attempt == 1)
            #expect(ContinuousClock.now - died < .seconds(4))
        }
        let error = try await database.pool.value(
            "SELECT error FROM hone.attempts WHERE outcome = 'lost'", as: String.self)
        #expect(error.contains("victim") && error.hasSuffix("died"))
    }

    @Test func aWorkerThatCannotRenewStopsByItself() async throws {
        let database = try TemporaryDatabase.current
        let started = Mailbox<Void>()
        let stopped = Mailbox<Void>()
        let handler = ClosureHandler { _, _ in
            started.send(())
            await untilCancelled()
            stopped.send(())
        }
        try await JobQueue(database.pool).enqueueNoop()
        let shorten: (inout WorkerConfiguration) -> Void = {
            $0.leaseDuration = .milliseconds(1500)
            $0.heartbeatInterval = .milliseconds(300)
        }
        try await withWorker(database.pool, handler, configure: shorten) { _ in
            try await started.next()
            // Every heartbeat now waits for this lock, as it would for a network that is gone.
            try await database.pool.withTransaction { blocker in
                try await blocker.execute("LOCK TABLE hone.workers IN EXCLUSIVE MODE")
                try await stopped.next()
            }
        }
    }

    @Test func killedConnectionsLoseNothingAndRepeatNothing() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        try await pool.execute("CREATE TABLE effects (job_id bigint)")
        let kills = Mutex(0)
        let handler = ClosureHandler(batchLimit: 4) { jobs, context in
            try await context.complete(jobs.map { ($0, PostgresJSON(text: "{}")) }) { transaction, held in
                for job in held { try await transaction.execute("INSERT INTO effects VALUES (\(job.id))") }
                // Every third transaction loses its server process before it can commit.
                let mustDie = kills.withLock { kills in
                    kills += 1
                    return kills % 3 == 1
                }
                if mustDie { try await transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())") }
            }
        }
        let ids = try await queue.enqueue("noop", payloads: Array(repeating: PostgresJSON(text: "{}"), count: 40))
        try await withWorker(pool, handler, concurrency: 2) { _ in
            for id in ids { try await queue.wait(for: .succeeded, of: id) }
        }
        #expect(try await pool.value("SELECT count(*) FROM effects", as: Int64.self) == 40)
        #expect(kills.withLock { $0 } > 10)
        try await pool.expectEveryJobAccountedFor(40)
    }

    @Test func aCommitThatBreaksBeforeItTakesEffectIsDoneAgain() async throws {
        let pool = try TemporaryDatabase.current.pool
        let queue = JobQueue(pool)
        let schema = """
            CREATE TABLE effects (fence bigint, is_deadly boolean);
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.is_deadly THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER die AFTER INSERT ON effects DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION die();
            """
        try await pool.withConnection { try await $0.execute(script: schema, name: "a trigger that kills") }
        let tries = Mutex(0)
        let handler = ClosureHandler { jobs, context in
            try await context.complete(jobs[0], result: PostgresJSON(text: "{}")) { transaction in
                let isFirst = tries.withLock { tries in
                    tries += 1
                    return tries == 1
                }
                try await transaction.execute("INSERT INTO effects VALUES (\(jobs[0].fence), \(isFirst))")
            }
        }
        let job = try await queue.enqueueNoop()
        try await withWorker(pool, handler) { _ in try await queue.wait(for: .succeeded, of: job) }
        #expect(tries.withLock { $0 } == 2)
        #expect(try await pool.value("SELECT count(*) FROM effects", as: Int64.self) == 1)
        #expect(try await pool.value("SELECT count(*) FROM hone.attempts", as: Int64.self) == 1)
    }

    @Test func anAccountAfterARandomMixWithKillsIsExact() async throws {
        try await withTemporaryDatabase(poolSize: 12) { database in
            let pool = database.pool
            let queue = JobQueue(pool)
            let handler = ClosureHandler(batchLimit: 3) { jobs, context in
                var generator = SplitMix(seed: UInt64(jobs[0].fence))
                switch generator.next() % 8 {
                case 0: throw JobFailure.retryable("bad luck", after: .milliseconds(5))
                case 1: throw JobFailure.permanent("worse luck")
                case 2: try await context.fail(jobs[0], .permanent("only this one"))
                default: break
                }
                let rest = jobs.filter { context.isWanted($0) }
                try await context.complete(rest.map { ($0, PostgresJSON(text: "{}")) })
            }
            let enqueued = IDs()
            try await withWorker(pool, handler, concurrency: 3) { _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for seed in 0..<3 {
                        group.addTask { try await mix(UInt64(seed), queue, pool, enqueued) }
                    }
                    try await group.waitForAll()
                }
                try await withDeadline(.seconds(40)) {
                    while try await pool.value(
                        "SELECT count(*) FROM hone.job_status WHERE finished_at IS NULL", as: Int64.self) > 0
                    { await Task.yield() }
                }
            }
            try await pool.expectEveryJobAccountedFor(enqueued.count)
            #expect(enqueued.count > 150)
        }
    }

    /// Enqueues, rolls back, cancels, retries and kills connections, at random but the same every time.
    private func mix(
        _ seed: UInt64, _ queue: JobQueue, _ pool: PostgresPool, _ enqueued: IDs
    ) async throws {
        var generator = SplitMix(seed: seed)
        var mine: [Int64] = []
        let empty = PostgresJSON(text: "{}")
        for _ in 0..<60 {
            let some = mine.isEmpty ? 0 : mine[Int(generator.next() % UInt64(mine.count))]
            do {
                switch generator.next() % 10 {
                case 0...3:
                    mine += try await queue.enqueue("noop", payloads: [empty, empty])
                    enqueued.insert(mine.suffix(2))
                case 4, 5:
                    mine.append(try await queue.enqueueNoop(JobOptions(dependsOn: some == 0 ? [] : [some])))
                    enqueued.insert(mine.suffix(1))
                case 6: if some != 0 { try await queue.cancel(some) }
                case 7: if some != 0 { try await queue.retry(some) }
                case 8:
                    try await pool.withTransaction { transaction in
                        try await JobQueue(transaction).enqueueNoop()
                        throw CancellationError()
                    }
                default:
                    try await pool.query(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name = 'hone heartbeat' LIMIT 1
                        """)
                }
            } catch is CancellationError {
                continue
            } catch let error as PostgresError where error.sqlState == .wrongState {
                continue
            }
        }
    }
}

/// The ids of all jobs that a test enqueued.
private final class IDs: Sendable {
    private let ids = Mutex(Set<Int64>())

    var count: Int { ids.withLock { $0.count } }

    func insert(_ more: some Sequence<Int64> & Sendable) {
        ids.withLock { $0.formUnion(more) }
    }
}
