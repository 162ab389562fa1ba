import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The one thread on which every connection lives: it runs the actors' jobs and waits for all their sockets in one
/// `poll`. No query holds a thread while the server works, and a busy cooperative pool delays no heartbeat.
final class EventLoop: SerialExecutor {
    static let shared = EventLoop()

    enum Interest {
        case readable
        case writable
        case readableOrWritable

        fileprivate var events: Int16 {
            switch self {
            case .readable: Int16(POLLIN)
            case .writable: Int16(POLLOUT)
            case .readableOrWritable: Int16(POLLIN | POLLOUT)
            }
        }
    }

    enum Outcome: Sendable {
        case ready
        case timedOut
        case cancelled
    }

    typealias Ticket = UInt64

    private struct Wait {
        let descriptor: Int32
        let events: Int16
        let deadline: ContinuousClock.Instant?
        let waiter: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var jobs: [UnownedJob] = []
        var waits: [Ticket: Wait] = [:]
        /// The outcomes of waits that ended before they began.
        var endedEarly: [Ticket: Outcome] = [:]
        var lastTicket: Ticket = 0
        var isPolling = false
    }

    private let state = Mutex(State())
    private let wakePipe: (read: Int32, write: Int32)

    private init() {
        var ends: [Int32] = [-1, -1]
        let status = unsafe pipe(&ends)
        precondition(status == 0, "cannot make a pipe for the event loop: errno \(errno)")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wakePipe = (ends[0], ends[1])
        let thread = Thread { [self] in
            Thread.current.name = "hone-postgres"
            run()
        }
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        change { $0.jobs.append(job) }
    }

    /// Waits until the socket is ready, the deadline passes or, if `isCancellable`, the task is cancelled.
    func wait(
        for interest: Interest, on descriptor: Int32, until deadline: ContinuousClock.Instant? = nil,
        isCancellable: Bool = true
    ) async -> Outcome {
        await wait(
            makeTicket(), descriptor: descriptor, events: interest.events, until: deadline,
            isCancellable: isCancellable)
    }

    /// Waits until ``wake(_:)`` is called with the ticket, also if that was before; with `.ready` as the outcome.
    func wait(for ticket: Ticket, until deadline: ContinuousClock.Instant) async -> Outcome {
        await wait(ticket, descriptor: -1, events: 0, until: deadline, isCancellable: true)
    }

    func makeTicket() -> Ticket {
        state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
    }

    func wake(_ ticket: Ticket) {
        end(ticket, .ready)
    }
}

// MARK: - Waiting

extension EventLoop {
    /// `poll` skips a negative descriptor, so that a wait for time or a ticket alone is one more entry in its list.
    private func wait(
        _ ticket: Ticket, descriptor: Int32, events: Int16, until deadline: ContinuousClock.Instant?,
        isCancellable: Bool
    ) async -> Outcome {
        defer { state.withLock { _ = $0.endedEarly.removeValue(forKey: ticket) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                begin(ticket, Wait(descriptor: descriptor, events: events, deadline: deadline, waiter: continuation))
            }
        } onCancel: {
            if isCancellable { end(ticket, .cancelled) }
        }
    }

    private func begin(_ ticket: Ticket, _ wait: Wait) {
        let outcome = change { state in
            let outcome = state.endedEarly.removeValue(forKey: ticket)
            if outcome == nil { state.waits[ticket] = wait }
            return outcome
        }
        if let outcome { wait.waiter.resume(returning: outcome) }
    }

    private func end(_ ticket: Ticket, _ outcome: Outcome) {
        let wait = change { state in
            let wait = state.waits.removeValue(forKey: ticket)
            if wait == nil { state.endedEarly[ticket] = outcome }
            return wait
        }
        wait?.waiter.resume(returning: outcome)
    }

    /// Changes the state and, if the thread sits in `poll`, wakes it.
    @discardableResult
    private func change<Value>(_ body: (inout sending State) -> sending Value) -> sending Value {
        let (value, mustWake) = state.withLock { state in
            let value = body(&state)
            let mustWake = state.isPolling
            state.isPolling = false
            return (value, mustWake)
        }
        if mustWake {
            var byte: UInt8 = 1
            _ = unsafe write(wakePipe.write, &byte, 1)
        }
        return value
    }
}

// MARK: - The thread

extension EventLoop {
    private func run() {
        while true {
            runJobs()
            let (tickets, descriptors, timeout) = pollSet()
            let ready = pollSockets(descriptors, timeout: timeout)
            resume(tickets, ready: ready)
        }
    }

    private func runJobs() {
        while true {
            let jobs = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                state.isPolling = jobs.isEmpty
                return jobs
            }
            if jobs.isEmpty { return }
            for job in jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }

    private func pollSet() -> ([Ticket], [pollfd], Duration?) {
        state.withLock { state in
            var tickets: [Ticket] = []
            var descriptors = [pollfd(fd: wakePipe.read, events: Int16(POLLIN), revents: 0)]
            var earliest: ContinuousClock.Instant?
            for (ticket, wait) in state.waits {
                tickets.append(ticket)
                descriptors.append(pollfd(fd: wait.descriptor, events: wait.events, revents: 0))
                if let deadline = wait.deadline { earliest = min(earliest ?? deadline, deadline) }
            }
            return (tickets, descriptors, earliest.map { max(.zero, $0 - .now) })
        }
    }

    /// Returns which of the descriptors after the first, the wake-up pipe, are ready.
    private func pollSockets(_ descriptors: [pollfd], timeout: Duration?) -> [Bool] {
        var descriptors = descriptors
        let milliseconds = timeout.map { Int32(clamping: Int64(($0 / .milliseconds(1)).rounded(.up))) } ?? -1
        let count = unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        precondition(count >= 0 || errno == EINTR, "poll failed: errno \(errno)")
        guard count > 0 else { return descriptors.dropFirst().map { _ in false } }
        if descriptors[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = unsafe read(wakePipe.read, &bytes, bytes.count)
        }
        return descriptors.dropFirst().map { $0.revents != 0 }
    }

    private func resume(_ tickets: [Ticket], ready: [Bool]) {
        let now = ContinuousClock.now
        let finished = state.withLock { state in
            state.isPolling = false
            return zip(tickets, ready).compactMap { ticket, isReady -> (Wait, Outcome)? in
                guard let wait = state.waits[ticket] else { return nil }
                let isLate = wait.deadline.map { $0 <= now } ?? false
                guard isReady || isLate else { return nil }
                state.waits[ticket] = nil
                return (wait, isReady ? .ready : .timedOut)
            }
        }
        for (wait, outcome) in finished { wait.waiter.resume(returning: outcome) }
    }
}
