import HonePostgres
import Logging

/// Where the claim loop gets its jobs: claims with low-water marks, sleep between them, and patience with the server.
struct ClaimSource {
    private let pool: PostgresPool
    private let worker: WorkerState
    private let handlers: [String: any JobHandler]
    private var marks = LaneMarks()
    private var lastSweep: ContinuousClock.Instant?
    private var backoff = Backoff()
    private var isAskingForNotifications = false
    private var nap = Duration.zero

    private static let sweepInterval = Duration.seconds(1)
    /// Jobs of one claim, whatever the handlers' limits: memory stays bounded.
    private static let largestClaim = 1024

    init(pool: PostgresPool, worker: WorkerState, handlers: [String: any JobHandler]) {
        self.pool = pool
        self.worker = worker
        self.handlers = handlers
    }

    /// Claims for so many slots.
    /// - Returns: The batches for each slot, empty if there is nothing to do or the server does not answer.
    /// - Throws: An error of the database that will not pass.
    mutating func next(slotCount: Int) async throws(PostgresError) -> [[RunningBatch]] {
        do {
            let isSweep = try await proveMarksIfDue()
            var jobs = try await claim(slotCount, marks: isSweep ? marks.proofs : marks.guesses)
            if jobs.isEmpty, !isSweep, marks.guesses != marks.proofs {
                jobs = try await claim(slotCount, marks: marks.proofs)
            }
            backoff.reset()
            if jobs.isEmpty { return [] }
            await stopAsking()
            return chunks(of: jobs)
        } catch {
            guard error.isTransient else { throw error }
            worker.logger.warning("cannot claim", metadata: ["error": "\(error)"])
            marks.forget()
            isAskingForNotifications = false
            await worker.wait(backoff.next())
            return []
        }
    }

    /// Sleeps until there may be something to claim.
    /// - Parameter mayStop: Whether nothing runs, so that a worker that stops when idle may stop.
    /// - Returns: Whether such a worker is done.
    /// - Throws: An error of the database that will not pass.
    mutating func rest(mayStop: Bool) async throws(PostgresError) -> Bool {
        let configuration = worker.configuration
        do {
            if configuration.stopsWhenIdle, mayStop {
                let hasWork = try await pool.query(
                    WorkerStatements.hasWork(queues: configuration.queues, kinds: Array(handlers.keys))
                ).one().decode("has_work", as: Bool.self)
                if !hasWork { return true }
            }
            if !isAskingForNotifications {
                // Claim once more after asking: what was enqueued before was not announced.
                isAskingForNotifications = true
                nap = configuration.shortestPoll
                try await pool.query(worker.statements.doze(queues: configuration.queues))
                return false
            }
        } catch {
            guard error.isTransient else { throw error }
            isAskingForNotifications = false
        }
        await worker.wake.wait(for: nap * Double.random(in: 0.75...1.25))
        nap = min(nap * 2, configuration.pollInterval)
        return false
    }

    private mutating func claim(_ slotCount: Int, marks: [Int32: Int64]) async throws(PostgresError) -> [ClaimedJob] {
        let configuration = worker.configuration
        let limits = handlers.mapValues { Int32(min($0.batchLimit * slotCount, Self.largestClaim)) }
        let kinds = Array(limits.keys)
        let sentAt = ContinuousClock.now
        let rows = try await pool.query(
            worker.statements.claim(
                queues: configuration.queues, kinds: kinds, limits: kinds.map { limits[$0] ?? 1 },
                leaseDuration: configuration.leaseDuration, marks: marks))
        let jobs = try rows.map { row throws(PostgresError) in try ClaimedJob(row) }
        self.marks.note(jobs)
        claimedAt = sentAt
        return jobs
    }

    private var claimedAt = ContinuousClock.now

    /// Cuts the jobs of one claim for the slots; one that went wrong before gets a batch to itself.
    private func chunks(of jobs: [ClaimedJob]) -> [[RunningBatch]] {
        let limit = handlers[jobs[0].kind]?.batchLimit ?? 1
        return stride(from: 0, to: jobs.count, by: limit).map { start in
            let chunk = jobs[start..<min(start + limit, jobs.count)]
            let fresh = chunk.filter { !$0.isSuspect }
            let batches = (fresh.isEmpty ? [] : [fresh]) + chunk.filter(\.isSuspect).map { [$0] }
            return batches.map { batch in
                let running = RunningBatch(batch)
                worker.book.add(running, until: claimedAt + worker.configuration.leaseDuration)
                return running
            }
        }
    }

    private mutating func stopAsking() async {
        guard isAskingForNotifications else { return }
        isAskingForNotifications = false
        do throws(PostgresError) {
            try await pool.execute(worker.statements.wakeUp)
        } catch {
            // Then it is notified for nothing now and then, until it sleeps again.
            worker.logger.debug("still asking for notifications", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: Whether it was time to, in which case the next claim is to miss nothing.
    /// - Throws: The database's error.
    private mutating func proveMarksIfDue() async throws(PostgresError) -> Bool {
        let now = ContinuousClock.now
        if let lastSweep, now < lastSweep + Self.sweepInterval { return false }
        lastSweep = now
        let floors = marks.floors
        if floors.isEmpty { return true }
        for row in try await pool.query(worker.statements.readyHorizon(floors)) {
            let (lane, head, oldest, next) = try row.decode(Int32.self, Int64?.self, Int64.self, Int64.self)
            marks.observe(lane: lane, head: head, oldest: oldest, next: next)
        }
        return true
    }
}
