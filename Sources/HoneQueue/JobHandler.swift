/// Does the work of one kind of job.
///
/// A handler completes each job through its context, effects and completion in one transaction. A job that it leaves
/// when it throws is tried again later, unless the error is a permanent ``JobFailure``; when the worker stops, what it
/// leaves is given back without using up an attempt.
public protocol JobHandler: Sendable {
    static var kind: String { get }
    /// How many jobs one call may take. A job that failed or was lost before always comes alone.
    var batchLimit: Int { get }
    /// Runs jobs of this kind: at least one, at most ``batchLimit``. The task is cancelled when none of them is to go
    /// on.
    /// - Throws: What is to be on record as the error of the jobs that it has not finished.
    func run(_ jobs: [ClaimedJob], context: JobContext) async throws
}

extension JobHandler {
    public var batchLimit: Int { 1 }
}

/// An error by which a handler says how its job goes on.
public struct JobFailure: Error, Sendable, CustomStringConvertible {
    public let message: String
    public let isPermanent: Bool
    /// The time to the next attempt; nil: exponential back-off.
    public let retryAfter: Duration?
    /// Whether the attempt does not count: what failed was not the job.
    public let isBlameless: Bool

    public var description: String { message }

    /// The job fails at once, whatever attempts it has left: a retry could only end in the same way.
    public static func permanent(_ message: String) -> JobFailure {
        JobFailure(message: message, isPermanent: true, retryAfter: nil, isBlameless: false)
    }

    /// The job is tried again if it has attempts left.
    public static func retryable(_ message: String, after delay: Duration? = nil) -> JobFailure {
        JobFailure(message: message, isPermanent: false, retryAfter: delay, isBlameless: false)
    }

    /// The job is given back and taken up again after a while; no attempt is used up.
    public static func postponed(_ message: String, for delay: Duration) -> JobFailure {
        JobFailure(message: message, isPermanent: false, retryAfter: delay, isBlameless: true)
    }

    /// What an arbitrary error means for its job.
    static func meaning(of error: any Error) -> JobFailure {
        error as? JobFailure ?? .retryable("\(error)")
    }
}
