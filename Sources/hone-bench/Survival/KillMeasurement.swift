import Foundation
import HoneMigrations
import HonePostgres
import HoneQueue

/// Trainings through the queue whose workers are killed, beside undisturbed ones.
struct KillMeasurement {
    struct Outcome: Encodable, Sendable {
        var kills: [String: Int] = [:]
        var jobs: [String: Int] = [:]
        /// What differs from the undisturbed run, and what `hone.audit` finds.
        var faults: [String] = []
        var seconds = 0.0

        var isClean: Bool { faults.isEmpty }

        var rows: [SuiteReport.Row] {
            let counts =
                kills.map { ("kills at \($0)", $1) } + jobs.map { ("jobs of \($0)", $1) }
                + [("differences", faults.count)]
            return counts.map { SuiteReport.Row(name: $0, unit: "", sample: Sample([Double($1)]), beside: nil) }
        }
    }

    /// How a job went that nobody disturbs.
    private struct Undisturbed {
        let job: Int64
        let seconds: Double
        /// The one that the other kinds start from.
        let start: Int64?
    }

    private let pool: PostgresPool
    private let queue: JobQueue
    private let artifacts: URL
    private var workers: WorkerPair
    private let record: KillRecord
    private var random: SimulationRandom
    private var outcome = Outcome()

    init(url: String, seed: UInt64) async throws {
        pool = PostgresPool(configuration: try PostgresConfiguration(url: url), limits: .init(maximum: 4))
        queue = JobQueue(pool)
        record = KillRecord(pool: pool)
        random = SimulationRandom(state: seed)
        artifacts = FileManager.default.temporaryDirectory.appending(path: "hone-artifacts-\(UUID().uuidString)")
        workers = WorkerPair(url: url, artifacts: artifacts.path)
        try await Migrator(Migration.hone, pool: pool).apply()
        try await HeldWrite.prepare(pool)
        try await KilledTraining.prepare(pool)
    }

    /// Disturbs jobs of each kind until as many random kills as asked for have hit.
    mutating func run(_ kinds: [KilledTraining], count: Int, perJob: Int) async throws -> Outcome {
        let started = ContinuousClock.now
        defer {
            workers.stop()
            pool.close()
        }
        try workers.fill()
        let first = try await undisturbed(.sft, start: nil)
        let start = try await record.checkpoint(of: first.job)
        for (number, kind) in kinds.enumerated() {
            let share = count / kinds.count + (number < count % kinds.count ? 1 : 0)
            let whole = kind.kind == KilledTraining.sft.kind ? first : try await undisturbed(kind, start: start)
            var hits = 0
            while hits < share {
                hits += try await disturb(kind, beside: whole, randomCount: min(perJob, share - hits))
                print("\(kind.name): \(hits) of \(share) random kills, \(outcome.faults.count) faults")
            }
        }
        outcome.faults += try await record.auditFaults()
        try FileManager.default.removeItem(at: artifacts)
        outcome.seconds = (ContinuousClock.now - started) / .seconds(1)
        return outcome
    }

    private func undisturbed(_ kind: KilledTraining, start: Int64?) async throws -> Undisturbed {
        let job = try await queue.enqueue(kind.kind, payload: kind.payload(startingFrom: start))
        try await record.waitForSuccess(of: job)
        let seconds = try await record.seconds(of: job)
        return Undisturbed(job: job, seconds: seconds, start: start)
    }

    /// Runs a job to its end under kills.
    /// - Returns: how many at random moments hit.
    private mutating func disturb(
        _ kind: KilledTraining, beside whole: Undisturbed, randomCount: Int
    ) async throws -> Int {
        let job = try await queue.enqueue(
            kind.kind, payload: kind.payload(startingFrom: whole.start))
        var hits = 0
        for moment in KillMoment.plan(randomCount: randomCount, using: &random) {
            let isHit =
                switch moment {
                case .random: try await killAnywhere(job, kind, within: whole.seconds)
                case .epochBoundary: try await killAtBoundary(job, kind)
                case .lastStep: try await killWhileHeld(job, key: Int64(kind.steps))
                case .commit: try await killWhileHeld(job, key: HeldWrite.commit)
                }
            guard isHit else { continue }
            outcome.kills[moment.rawValue, default: 0] += 1
            if moment == .random { hits += 1 }
        }
        try await record.waitForSuccess(of: job)
        outcome.jobs[kind.name, default: 0] += 1
        outcome.faults += try await record.differences(between: job, and: whole.job).map {
            "\(kind.name) job \(job): \($0)"
        }
        return hits
    }

    /// Kills the one that trains; where others work for it, it or another by the dice.
    private mutating func killAnywhere(
        _ job: Int64, _ kind: KilledTraining, within seconds: Double
    ) async throws -> Bool {
        guard try await record.holder(of: job, among: workers.pids) != nil else { return false }
        try await Task.sleep(for: .seconds(Double.random(in: 0..<seconds, using: &random)))
        guard let holder = try await record.holder(of: job, among: workers.pids) else { return false }
        let pids = kind.isByFleet ? workers.pids : [holder]
        guard let pid = pids.randomElement(using: &random) else { return false }
        kill(pid, SIGKILL)
        try workers.replace(pid)
        return true
    }

    private mutating func killAtBoundary(_ job: Int64, _ kind: KilledTraining) async throws -> Bool {
        // Not the very next one, which may be on its way.
        let next = (try await record.reachedStep(of: job) / kind.boundaryEvery + 2) * kind.boundaryEvery
        let boundaries = Array(stride(from: next, to: kind.steps, by: kind.boundaryEvery))
        guard let step = boundaries.randomElement(using: &random) else { return false }
        return try await killWhileHeld(job, key: Int64(step))
    }

    /// Kills the worker whose write waits; whether what it has sent is still carried out is left to the dice.
    private mutating func killWhileHeld(_ job: Int64, key: Int64) async throws -> Bool {
        let isCarriedOut = Bool.random(using: &random)
        let (record, pids) = (record, workers.pids)
        let killed: Int32? = try await pool.withTransaction { transaction in
            try await transaction.query("SELECT pg_advisory_xact_lock(\(key))")
            guard try await record.waitsForLock(key, job: job),
                let pid = try await record.holder(of: job, among: pids)
            else { return nil }
            kill(pid, SIGKILL)
            if !isCarriedOut { try await record.endWaiters(for: key) }
            return pid
        }
        guard let killed else { return false }
        try workers.replace(killed)
        return true
    }
}
