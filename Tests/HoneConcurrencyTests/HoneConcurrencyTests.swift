import Foundation
import HoneConcurrency
import Testing

/// Its jobs block on a semaphore, which would be a deadlock on a thread that others need.
private actor Blocker {
    private let executor: BlockingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private(set) var order: [Int] = []

    init(name: String) {
        executor = BlockingExecutor(name: name)
    }

    var threadName: String? { Thread.current.name }

    func block(until signal: DispatchSemaphore, number: Int) {
        signal.wait()
        order.append(number)
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
        #expect(await blocker.threadName == "one thread")
    }

    @Test func theThreadEndsWithItsActor() async throws {
        weak var released: Blocker?
        do {
            let blocker = Blocker(name: "hone-mayfly")
            released = blocker
            #expect(await blocker.threadName == "hone-mayfly")
        }
        #expect(released == nil)
        try await withDeadline(.seconds(20)) {
            while try threadNames().contains("hone-mayfly") { await Task.yield() }
        }
    }

    private func threadNames() throws -> [String] {
        let tasks = "/proc/self/task"
        return try FileManager.default.contentsOfDirectory(atPath: tasks).compactMap { id in
            // A thread may end between the listing and the look.
            FileManager.default.contents(atPath: "\(tasks)/\(id)/comm").map {
                String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            }
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
