import Dispatch
import Foundation
import Synchronization

/// Runs an actor's jobs one after the other on a thread of its own, so that calls which block (libtorch, a file lock)
/// never hold a thread of the cooperative pool, which has only as many as there are cores.
///
/// ```swift
/// actor Session {
///     private let executor = BlockingExecutor(name: "training")
///     nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
/// }
/// ```
/// The thread ends when the executor is released.
public final class BlockingExecutor: SerialExecutor {
    private let queue = JobQueue()

    /// - Parameter name: The thread's name in debuggers and `top -H`; Linux shows its first 15 bytes,
    ///   and Foundation there does not always get it through.
    public init(name: String) {
        let thread = Thread { [queue] in
            Thread.current.name = name
            queue.runUntilClosed()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit {
        queue.close()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job), on: asUnownedSerialExecutor())
    }
}

/// The jobs that wait for one thread. The thread holds the queue but not the executor, which can so be released.
private final class JobQueue: Sendable {
    private struct Entry {
        let job: UnownedJob
        let executor: UnownedSerialExecutor
    }

    private struct State {
        var entries: [Entry] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    func append(_ job: UnownedJob, on executor: UnownedSerialExecutor) {
        state.withLock { $0.entries.append(Entry(job: job, executor: executor)) }
        signal.signal()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        signal.signal()
    }

    func runUntilClosed() {
        while true {
            signal.wait()
            let (entries, isClosed) = state.withLock { state in
                defer { state.entries.removeAll(keepingCapacity: true) }
                return (state.entries, state.isClosed)
            }
            for entry in entries { entry.job.runSynchronously(on: entry.executor) }
            if isClosed { return }
        }
    }
}
