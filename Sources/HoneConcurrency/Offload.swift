import Dispatch

/// Runs one short call that blocks (a name lookup, a file lock) on a thread outside the cooperative pool.
/// For calls that come often or must share a thread, use an actor on a ``BlockingExecutor``.
public func offload<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}
