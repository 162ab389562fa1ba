import Dispatch
import Synchronization

/// Something that one task waits for and anybody may set. Setting it several times before the wait counts once.
///
/// Its deadline does not depend on the cooperative thread pool, which a busy process may have all at work.
final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waitCount = 0
        var waiter: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())
    private static let timers = DispatchQueue(label: "hone.queue.timers")

    func set() {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let waiter = state.waiter else {
                state.isSet = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume(returning: true)
    }

    /// Waits until the signal is set, and takes it.
    /// - Returns: False when time ran out or the task was cancelled before.
    @discardableResult
    nonisolated(nonsending) func wait(for limit: Duration? = nil) async -> Bool {
        let number = state.withLock { state in
            state.waitCount += 1
            return state.waitCount
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.begin(number, continuation, limit)
            }
        } onCancel: {
            self.giveUp(number)
        }
    }

    private func begin(_ number: Int, _ continuation: CheckedContinuation<Bool, Never>, _ limit: Duration?) {
        let answer = state.withLock { state -> Bool? in
            precondition(state.waiter == nil, "a signal has one waiter")
            if state.isSet {
                state.isSet = false
                return true
            }
            if Task.isCancelled { return false }
            state.waiter = continuation
            return nil
        }
        if let answer { return continuation.resume(returning: answer) }
        guard let limit else { return }
        Self.timers.asyncAfter(deadline: .now() + max(0, limit / .seconds(1))) { self.giveUp(number) }
    }

    private func giveUp(_ number: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.waitCount == number else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: false)
    }
}
