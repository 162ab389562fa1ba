import HonePostgres
import Logging
import Synchronization

/// Claims jobs while slots are free and runs each batch in a task of its own.
struct ClaimLoop: Sendable {
    let pool: PostgresPool
    let worker: WorkerState
    let handlers: [String: any JobHandler]

    private var configuration: WorkerConfiguration { worker.configuration }

    /// Runs until the worker drains and its batches have ended.
    /// - Throws: An error of the database that will not pass.
    func run() async throws {
        let slots = Slots(count: configuration.concurrency)
        var source = ClaimSource(pool: pool, worker: worker, handlers: handlers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            while !worker.isDraining, !Task.isCancelled {
                guard slots.freeCount > 0 else {
                    await worker.wake.wait()
                    continue
                }
                let chunks = try await source.next(slotCount: slots.freeCount)
                for chunk in chunks { start(chunk, in: &group, slots) }
                if chunks.isEmpty {
                    let isDone = try await source.rest(mayStop: slots.isIdle)
                    if isDone { worker.drain() }
                }
            }
            await finish(slots)
        }
    }

    private func start(_ chunk: [RunningBatch], in group: inout ThrowingTaskGroup<Void, any Error>, _ slots: Slots) {
        slots.take(chunk)
        group.addTask {
            let runner = BatchRunner(pool: pool, worker: worker)
            for batch in chunk {
                guard let handler = handlers[batch.jobs[0].kind] else { continue }
                if worker.isDraining {
                    await runner.giveBack(batch)
                } else {
                    await runner.run(batch, with: handler)
                }
            }
            slots.giveBack(chunk)
            worker.wake.set()
        }
    }

    /// Waits for what runs, at first politely.
    private func finish(_ slots: Slots) async {
        let deadline = ContinuousClock.now + configuration.drainTimeout
        while !slots.isIdle, .now < deadline, !Task.isCancelled {
            await worker.wake.wait(for: deadline - .now)
        }
        for batch in slots.running { batch.stop.set() }
    }
}

/// How many batches may run, and which do. A slot takes the jobs of one claim in turn.
final class Slots: Sendable {
    private struct State {
        var freeCount: Int
        var running: [ObjectIdentifier: RunningBatch] = [:]
    }

    private let count: Int
    private let state: Mutex<State>

    init(count: Int) {
        precondition(count > 0, "a worker with \(count) slots does nothing")
        self.count = count
        state = Mutex(State(freeCount: count))
    }

    var freeCount: Int { state.withLock { $0.freeCount } }
    var isIdle: Bool { freeCount == count }
    var running: [RunningBatch] { state.withLock { Array($0.running.values) } }

    func take(_ chunk: [RunningBatch]) {
        state.withLock { state in
            state.freeCount -= 1
            for batch in chunk { state.running[ObjectIdentifier(batch)] = batch }
        }
    }

    func giveBack(_ chunk: [RunningBatch]) {
        state.withLock { state in
            state.freeCount += 1
            for batch in chunk { state.running[ObjectIdentifier(batch)] = nil }
        }
    }
}
