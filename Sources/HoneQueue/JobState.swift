public import HonePostgres

/// Where a job is in its life, as the column `state` of `hone.jobs` says it.
public enum JobState: String, Sendable, Hashable, CaseIterable, PostgresDecodable, PostgresEncodable {
    /// Waits for other jobs to succeed.
    case waiting
    /// Waits for the time it was asked to run at.
    case scheduled
    /// Can be claimed.
    case available
    case running
    /// Failed, and waits for its next attempt.
    case retryable
    case succeeded
    case failed
    case cancelled

    /// Whether the job has ended. Only ``JobQueue/retry(_:)`` leads out of a failed or cancelled one.
    public var isFinal: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: true
        case .waiting, .scheduled, .available, .running, .retryable: false
        }
    }
}
