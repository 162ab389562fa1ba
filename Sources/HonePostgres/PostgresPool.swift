public import ServiceLifecycle
import Synchronization

/// Lends connections to one server: at most so many, opened when needed and kept for the next.
///
/// A connection that broke is noticed before it is lent and is replaced. The pool works from its creation on; run as a
/// service it also closes connections that nobody needs, and all of them at a graceful shutdown.
public final class PostgresPool: PostgresSession, Service {
    public struct Limits: Sendable {
        /// So many connections stay open when idle.
        public var minimum = 1
        public var maximum: Int
        /// How long a caller waits for a connection to come free.
        public var acquireTimeout = Duration.seconds(30)
        /// A connection that was idle for so long answers a round trip before it is lent.
        public var checkAfterIdle = Duration.seconds(30)
        /// A connection above the minimum that was idle for so long is closed.
        public var closeAfterIdle = Duration.seconds(300)

        public init(maximum: Int = 8) {
            precondition(maximum > 0, "a pool of at most \(maximum) connections can lend none")
            self.maximum = maximum
        }
    }

    public let configuration: PostgresConfiguration
    public let limits: Limits
    private let state = Mutex(PoolState())
    private let loop = EventLoop.shared

    public init(configuration: PostgresConfiguration, limits: Limits = Limits()) {
        self.configuration = configuration
        self.limits = limits
    }

    /// Lends a connection to `body` alone.
    /// - Throws: What `body` throws, or why there is no connection.
    public nonisolated(nonsending) func withConnection<Value>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await acquire()
        defer { giveBack(connection) }
        return try await body(connection)
    }

    /// Runs `body` in a transaction on a connection of its own; see ``PostgresConnection/withTransaction(_:_:)``.
    public nonisolated(nonsending) func withTransaction<Value>(
        _ isolation: PostgresIsolation = .readCommitted, _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await withConnection { try await $0.withTransaction(isolation, body) }
    }

    @discardableResult
    public func query(_ query: PostgresQuery) async throws(PostgresError) -> [PostgresRow] {
        let connection = try await acquire()
        defer { giveBack(connection) }
        return try await connection.query(query)
    }

    @discardableResult
    public func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int {
        let connection = try await acquire()
        defer { giveBack(connection) }
        return try await connection.execute(query)
    }

    /// Closes idle connections from time to time, until the task is cancelled or a graceful shutdown begins.
    public func run() async {
        await cancelWhenGracefulShutdown {
            let interval = self.limits.closeAfterIdle / 2
            while await self.loop.wait(for: self.loop.makeTicket(), until: .now + interval) == .timedOut {
                self.closeIdle()
            }
        }
        close()
    }

    /// Closes the idle connections now, and each that is lent when it is given back. Nobody gets one any more.
    public func close() {
        let (waiting, idle) = state.withLock { $0.close() }
        for ticket in waiting { loop.wake(ticket) }
        withExtendedLifetime(idle) {}
    }
}

// MARK: - Lending

extension PostgresPool {
    private func acquire() async throws(PostgresError) -> PostgresConnection {
        while true {
            switch try await grant() {
            case .slot: return try await open()
            case .connection(let connection, let idleSince):
                let isStale = idleSince + limits.checkAfterIdle < .now
                if await connection.isUsable(askingServer: isStale) { return connection }
                freeSlot()
            }
        }
    }

    /// Waits for the right to use a connection or to open one.
    private func grant() async throws(PostgresError) -> PoolState.Grant {
        let ticket = loop.makeTicket()
        let grant = try state.withLock { state throws(PostgresError) in
            try state.request(ticket, maximum: limits.maximum)
        }
        if let grant { return grant }
        let outcome = await loop.wait(for: ticket, until: .now + limits.acquireTimeout)
        return try state.withLock { state throws(PostgresError) in
            if let grant = state.collect(ticket) { return grant }
            if state.isClosed { throw .poolClosed }
            if outcome == .cancelled { throw .cancelled(query: "wait for a connection") }
            throw .poolTimeout(connectionCount: limits.maximum, waited: limits.acquireTimeout)
        }
    }

    private func open() async throws(PostgresError) -> PostgresConnection {
        do {
            return try await PostgresConnection.connect(to: configuration)
        } catch {
            freeSlot()
            throw error
        }
    }

    private func freeSlot() {
        if let ticket = state.withLock({ $0.release(.slot) }) { loop.wake(ticket) }
    }

    private func giveBack(_ connection: PostgresConnection) {
        if let ticket = state.withLock({ $0.release(.connection(connection, idleSince: .now)) }) { loop.wake(ticket) }
    }

    private func closeIdle() {
        let limit = ContinuousClock.now - limits.closeAfterIdle
        let closed = state.withLock { $0.removeIdle(since: limit, keeping: limits.minimum) }
        withExtendedLifetime(closed) {}
    }
}

/// Who has what. A connection that is dropped here closes when its last reference goes.
private struct PoolState {
    enum Grant {
        case connection(PostgresConnection, idleSince: ContinuousClock.Instant)
        /// The right to open a connection.
        case slot
    }

    private var idle: [(connection: PostgresConnection, since: ContinuousClock.Instant)] = []
    /// Connections that are idle, lent or being opened.
    private var slotCount = 0
    private var waiting: [EventLoop.Ticket] = []
    private var granted: [EventLoop.Ticket: Grant] = [:]
    private(set) var isClosed = false

    /// Grants at once what there is, the connection used last first; else the ticket joins the line.
    mutating func request(_ ticket: EventLoop.Ticket, maximum: Int) throws(PostgresError) -> Grant? {
        if isClosed { throw .poolClosed }
        if let (connection, since) = idle.popLast() { return .connection(connection, idleSince: since) }
        if slotCount < maximum {
            slotCount += 1
            return .slot
        }
        waiting.append(ticket)
        return nil
    }

    /// What was granted to a ticket while it waited; without a grant the ticket leaves the line.
    mutating func collect(_ ticket: EventLoop.Ticket) -> Grant? {
        waiting.removeAll { $0 == ticket }
        return granted.removeValue(forKey: ticket)
    }

    /// Takes back a grant.
    /// - Returns: The ticket that it passed to, which must be woken.
    mutating func release(_ grant: Grant) -> EventLoop.Ticket? {
        if !isClosed, let next = waiting.first {
            waiting.removeFirst()
            granted[next] = grant
            return next
        }
        if !isClosed, case .connection(let connection, let since) = grant {
            idle.append((connection, since))
        } else {
            slotCount -= 1
        }
        return nil
    }

    mutating func removeIdle(since limit: ContinuousClock.Instant, keeping minimum: Int) -> [PostgresConnection] {
        let count = min(idle.prefix { $0.since < limit }.count, max(0, slotCount - minimum))
        let removed = idle.prefix(count).map(\.connection)
        idle.removeFirst(count)
        slotCount -= count
        return removed
    }

    mutating func close() -> (waiting: [EventLoop.Ticket], idle: [PostgresConnection]) {
        defer { (waiting, idle, isClosed) = ([], [], true) }
        slotCount -= idle.count
        return (waiting, idle.map(\.connection))
    }
}
