/// An operation took longer than it was given.
public struct DeadlineExceeded: Error, CustomStringConvertible {
    public let limit: Duration

    public var description: String { "not done within \(limit)" }
}

/// Runs an operation and cancels it when it takes longer than `limit`.
///
/// The operation is awaited to its end either way: nothing of it runs on after the return.
/// - Throws: ``DeadlineExceeded`` when time ran out, else what the operation throws.
public func withDeadline<Value: Sendable>(
    _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else { throw DeadlineExceeded(limit: limit) }
        return value
    }
}

/// Waits, to leave a server alone that is busy; never for something that could be told instead.
/// - Throws: `CancellationError`.
public func pause(for duration: Duration) async throws {
    try await Task.sleep(for: duration)
}
