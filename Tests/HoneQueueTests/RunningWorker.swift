import HoneConcurrency
import HonePostgres
import Logging
import ServiceLifecycle
import Synchronization

@testable import HoneQueue

/// A handler made of a closure.
struct ClosureHandler: JobHandler {
    static let kind = "noop"
    var batchLimit = 1
    let body: @Sendable ([ClaimedJob], JobContext) async throws -> Void

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        try await body(jobs, context)
    }
}

/// Hands values from handlers to the test that waits for them.
struct Mailbox<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func send(_ value: Value) {
        continuation.yield(value)
    }

    /// The next value that was sent.
    func next(within limit: Duration = .seconds(20)) async throws -> Value {
        try await withDeadline(limit) { [stream] in
            for await value in stream { return value }
            throw CancellationError()
        }
    }
}

/// Waits until the task is cancelled.
func untilCancelled() async {
    await Signal().wait()
}

/// Runs a worker beside the test and drains it at the end.
/// - Parameters:
///   - pool: Where it works.
///   - handler: Its only handler.
///   - concurrency: How many batches it runs at a time.
///   - configure: Changes to its configuration.
///   - body: The test; it may stop the worker before its end.
/// - Returns: What the test returns.
/// - Throws: What the test or the worker throws.
func withWorker<Value: Sendable>(
    _ pool: PostgresPool, _ handler: ClosureHandler, concurrency: Int = 1,
    configure: (inout WorkerConfiguration) -> Void = { _ in },
    _ body: @Sendable (_ stop: @Sendable () async -> Void) async throws -> Value
) async throws -> Value {
    var configuration = WorkerConfiguration(name: "worker under test")
    configuration.concurrency = concurrency
    configuration.drainTimeout = .milliseconds(200)
    configure(&configuration)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let service = try WorkerService(pool: pool, configuration: configuration, handlers: [handler], logger: logger)
    let group = ServiceGroup(services: [service], logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        let stop: @Sendable () async -> Void = { await group.triggerGracefulShutdown() }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(stop))
        } catch {
            result = .failure(error)
        }
        await stop()
        try await tasks.waitForAll()
        return try result.get()
    }
}
