import HonePostgres

/// How far each lane is known to be empty, so that a claim starts behind the dead rows of earlier claims, however long
/// some old transaction keeps vacuum from removing them.
///
/// `reached` is the last position claimed: a guess, since a job with a smaller position can still turn up when its
/// transaction commits late, or a claim that had locked it rolls back. `settled` is proved: at some time nothing up to
/// it was visible, and every transaction of that time has ended since. Claims use the guess, and once a second, as well
/// as before the worker sleeps, the proof.
struct LaneMarks {
    private struct Candidate {
        let position: Int64
        /// Transactions from this one on began after the candidate was seen, and draw greater positions.
        let nextTransaction: Int64
    }

    private var reached: [Int32: Int64] = [:]
    private var settled: [Int32: Int64] = [:]
    private var candidates: [Int32: Candidate] = [:]

    /// Marks for a quick claim.
    var guesses: [Int32: Int64] { reached }
    /// Marks for a claim that misses nothing.
    var proofs: [Int32: Int64] { settled }
    /// Where the next look at the lanes' ends starts.
    var floors: [Int32: Int64] { reached.mapValues { _ in 0 }.merging(settled) { $1 } }

    mutating func note(_ jobs: [ClaimedJob]) {
        for job in jobs where job.position > 0 {
            reached[job.lane] = max(reached[job.lane] ?? 0, job.position)
        }
    }

    /// Notes one lane's end: `head` is the first position visible above the floor, nil if none is, `oldest` the oldest
    /// transaction in progress, and `next` the one that will begin next.
    mutating func observe(lane: Int32, head: Int64?, oldest: Int64, next: Int64) {
        let end = head.map { $0 - 1 } ?? reached[lane] ?? 0
        if let candidate = candidates[lane] {
            guard oldest >= candidate.nextTransaction else { return }
            if end >= candidate.position { settled[lane] = max(settled[lane] ?? 0, candidate.position) }
        }
        candidates[lane] = Candidate(position: end, nextTransaction: next)
    }

    /// After the server was restored or replaced positions may start anew.
    mutating func forget() {
        self = LaneMarks()
    }
}
