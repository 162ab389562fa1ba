/// The attempt of a job on whose behalf something is written: its rows carry both numbers.
public struct JobAttempt: Sendable, Hashable {
    public let job: Int64
    /// The fencing token of the attempt's lease.
    public let fence: Int64

    public init(job: Int64, fence: Int64) {
        self.job = job
        self.fence = fence
    }
}
