import Synchronization

/// One attempt, as the database knows it.
struct LeaseID: Sendable, Hashable {
    let job: Int64
    let fence: Int64

    init(_ job: ClaimedJob) {
        self.job = job.id
        fence = job.fence
    }
}

/// Which leases this worker believes to hold, and until when by its own monotonic clock.
///
/// The clock starts when a renewal is sent, not when its answer comes, so a lease never seems to last longer here than
/// it does in the database.
final class LeaseBook: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        var validUntil: Instant
        let batch: RunningBatch
        /// A transaction that completes the job is under way and decides alone whether the lease is held.
        var isCompleting = false
    }

    private let entries = Mutex<[LeaseID: Entry]>([:])

    func add(_ batch: RunningBatch, until validUntil: Instant) {
        entries.withLock { entries in
            for job in batch.jobs { entries[LeaseID(job)] = Entry(validUntil: validUntil, batch: batch) }
        }
    }

    var held: [LeaseID] { entries.withLock { Array($0.keys) } }

    func isHeld(_ lease: LeaseID) -> Bool {
        entries.withLock { $0[lease] != nil }
    }

    func setCompleting(_ leases: [LeaseID], _ isCompleting: Bool) {
        entries.withLock { entries in
            for lease in leases { entries[lease]?.isCompleting = isCompleting }
        }
    }

    /// Takes the leases out because their jobs ended in an orderly way.
    func remove(_ leases: [LeaseID]) {
        entries.withLock { entries in
            for lease in leases { entries[lease] = nil }
        }
    }

    /// Notes what a heartbeat brought: of the leases it asked about, the database still knows those of the jobs
    /// `renewed`.
    /// - Returns: How many turned out to be lost.
    func renew(_ asked: [LeaseID], renewed: Set<Int64>, until validUntil: Instant) -> Int {
        let lost = entries.withLock { entries in
            for lease in asked where renewed.contains(lease.job) { entries[lease]?.validUntil = validUntil }
            return asked.filter { !renewed.contains($0.job) && entries[$0]?.isCompleting == false }
        }
        drop(lost, as: .lost)
        return lost.count
    }

    /// Gives up the leases that nobody could renew in time: another worker may have them by now.
    /// - Returns: How many there were.
    func expire(at now: Instant) -> Int {
        let expired = entries.withLock { entries in
            entries.filter { $0.value.validUntil < now && !$0.value.isCompleting }.map(\.key)
        }
        drop(expired, as: .lost)
        return expired.count
    }

    /// Takes leases away from their batches, and stops a batch that has none left.
    func drop(_ leases: [LeaseID], as fate: RunningBatch.Fate) {
        for lease in leases {
            let entry = entries.withLock { $0.removeValue(forKey: lease) }
            entry?.batch.settle([lease.job], as: fate)
        }
    }
}
