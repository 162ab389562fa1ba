import Foundation
import HoneConcurrency
import Testing

/// Its jobs block on a semaphore, which would be a deadlock on a thread that others need.
private actor Blocker {
    private let executor: BlockingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private(set) var order: [Int] = []
    private(set) var threads: Set<pthread_t> = []

    init(name: String) {
        executor = BlockingExecutor(name: name)
    }

    /// The kernel's directory of this thread, which is there for as long as the thread.
    var threadDirectory: String {
        get throws { try "/proc/" + FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self") }
    }

    func block(until signal: DispatchSemaphore, number: Int) {
        signal.wait()
        order.append(number)
        threads.insert(pthread_self())
    }
}

@Suite struct BlockingExecutorTests {
    @Test func moreBlockedActorsThanCoresLeaveTheCooperativePoolFree() async {
        let count = 4 * ProcessInfo.processInfo.activeProcessorCount
        let blockers = (0..<count).map { Blocker(name: "blocker \($0)") }
        let signals = blockers.map { _ in DispatchSemaphore(value: 0) }
        await withTaskGroup { group in
            for (blocker, signal) in zip(blockers, signals) {
                group.addTask { await blocker.block(until: signal, number: 0) }
            }
            // This task runs on the pool although every actor is blocked or about to be.
            group.addTask { for signal in signals { signal.signal() } }
        }
        for blocker in blockers { #expect(await blocker.order == [0]) }
    }

    @Test func jobsRunOneAfterTheOtherOnTheActorsOwnThread() async {
        let blocker = Blocker(name: "one thread")
        let signal = DispatchSemaphore(value: 0)
        for _ in 0..<100 { signal.signal() }
        await withTaskGroup { group in
            for number in 0..<100 { group.addTask { await blocker.block(until: signal, number: number) } }
        }
        #expect(await blocker.order.sorted() == Array(0..<100))
        #expect(await blocker.threads.count == 1)
    }

    @Test func theThreadEndsWithItsActor() async throws {
        weak var released: Blocker?
        let directory: String
        do {
            let blocker = Blocker(name: "mayfly")
            released = blocker
            directory = try await blocker.threadDirectory
            #expect(FileManager.default.fileExists(atPath: directory))
        }
        #expect(released == nil)
        try await withDeadline(.seconds(20)) {
            while FileManager.default.fileExists(atPath: directory) { await Task.yield() }
        }
    }
}

@Suite struct DeadlineTests {
    @Test func whatIsDoneInTimeReturnsItsValue() async throws {
        #expect(try await withDeadline(.seconds(60)) { 7 } == 7)
    }

    @Test func whatTakesTooLongIsCancelledAndAwaited() async {
        await #expect(throws: DeadlineExceeded.self) {
            try await withDeadline(.milliseconds(1)) {
                while !Task.isCancelled { await Task.yield() }
                throw CancellationError()
            }
        }
    }

    @Test func theOperationsOwnErrorComesThrough() async {
        struct Own: Error {}
        await #expect(throws: Own.self) { try await withDeadline(.seconds(60)) { throw Own() } }
    }
}
