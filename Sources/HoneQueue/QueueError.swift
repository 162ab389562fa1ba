public import HonePostgres

/// What can go wrong on the workers' side of the queue.
public enum QueueError: Error, Sendable, CustomStringConvertible {
    /// The lease is no longer held: it expired and the job was given to another worker, or it was cancelled. Nothing of
    /// this attempt was committed.
    case leaseLost(jobs: [Int64])
    /// Two handlers for one kind of job.
    case duplicateHandler(kind: String)
    /// A worker without handlers could never do anything.
    case noHandlers

    public var description: String {
        switch self {
        case .leaseLost(let jobs):
            "The lease on job \(jobs.map(String.init).joined(separator: ", ")) is no longer held; "
                + "nothing of this attempt was committed."
        case .duplicateHandler(let kind): "Two handlers are registered for jobs of kind “\(kind)”."
        case .noHandlers: "A worker needs at least one job handler."
        }
    }
}

extension SQLState {
    /// Raised when a write presents a fencing token that no longer counts.
    public static let leaseLost: SQLState = "HN001"
    public static let unknownKind: SQLState = "HN002"
    public static let badArgument: SQLState = "HN003"
    public static let unknownJob: SQLState = "HN004"
    public static let wrongState: SQLState = "HN005"
    public static let unknownPipeline: SQLState = "HN006"
    public static let promotionRefused: SQLState = "HN007"
}

extension PostgresError {
    /// Whether the same statement may well work in a moment: the server restarts, the network stumbles, a deadlock was
    /// broken. Everything else will fail in the same way again.
    public var isTransient: Bool {
        switch self {
        case .cannotConnect, .connectionLost, .commitOutcomeUnknown, .poolTimeout: true
        case .server(let error):
            error.sqlState.rawValue.hasPrefix("08") || error.sqlState.rawValue.hasPrefix("53")
                || error.sqlState.rawValue.hasPrefix("57P") || error.sqlState == .serializationFailure
                || error.sqlState == .deadlockDetected || error.sqlState == .lockNotAvailable
        case .invalidConfiguration, .transactionAborted, .decoding, .cancelled, .poolClosed, .connectionBusy, .copy,
            .migration:
            false
        }
    }
}
