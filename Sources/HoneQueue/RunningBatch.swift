import Synchronization

/// The jobs that one call of a handler works on, and what has become of each.
final class RunningBatch: Sendable {
    enum Fate: Sendable {
        case running
        /// Completed, failed or given back by this worker.
        case settled
        /// The lease went to somebody else, or may have.
        case lost
        case cancelled
    }

    let jobs: [ClaimedJob]
    /// Set when the handler is to end: no job of the batch goes on.
    let stop = Signal()
    private let fates: Mutex<[Int64: Fate]>

    init(_ jobs: [ClaimedJob]) {
        self.jobs = jobs
        fates = Mutex(Dictionary(uniqueKeysWithValues: jobs.map { ($0.id, .running) }))
    }

    func fate(of job: Int64) -> Fate {
        fates.withLock { $0[job] ?? .settled }
    }

    /// The jobs that still are this worker's to finish.
    var remaining: [ClaimedJob] {
        fates.withLock { fates in jobs.filter { fates[$0.id] == .running } }
    }

    func settle(_ ids: [Int64], as fate: Fate) {
        let isForsaken = fates.withLock { fates in
            for id in ids { fates[id] = fate }
            return fate != .settled && !fates.values.contains { $0 == .running }
        }
        if isForsaken { stop.set() }
    }
}
