import CLibPQ
import HoneConcurrency

/// One session on the server.
///
/// Its statements run one after the other; waiting for them holds no thread. Cancelling the task that waits cancels the
/// statement on the server, and the connection stays usable. A connection belongs to one task at a time: borrow one of
/// a ``PostgresPool`` for each.
public actor PostgresConnection: PostgresSession {
    public nonisolated let configuration: PostgresConfiguration
    var handle: LibPQConnection
    var cancelHandle: LibPQCancelHandle?
    private var isTurnTaken = false
    private var waitingForTurn: [CheckedContinuation<Void, Never>] = []
    /// Set once the running statement was asked to stop: when to give the connection up.
    private var cancelDeadline: ContinuousClock.Instant?
    /// The statement that streams rows in or out, which keeps its turn until the stream ends.
    var streamingQuery: PostgresQuery?
    let loop = EventLoop.shared

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe EventLoop.shared.asUnownedSerialExecutor()
    }

    init(configuration: PostgresConfiguration, handle: consuming LibPQConnection) {
        self.configuration = configuration
        self.handle = handle
    }

    /// Ends the session; the server rolls back what was not committed.
    public func close() {
        handle.close()
        cancelHandle = nil
    }

    public var isClosed: Bool { handle.isBroken }

    /// The number of the server process, as `pg_stat_activity` shows it.
    public var backendPID: Int { Int(handle.backendPID) }

    @discardableResult
    public func query(_ query: PostgresQuery) async throws(PostgresError) -> [PostgresRow] {
        try await run(query).rows(query: query.name)
    }

    @discardableResult
    public func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int {
        try await run(query).affectedRowCount
    }

    /// Runs a text of several statements without values, such as a schema. All of it is one transaction unless the text
    /// says otherwise.
    public func execute(script: String, name: String) async throws(PostgresError) {
        let query = PostgresQuery(unsafeSQL: script).named(name)
        try await inTurn(query) { () async throws(PostgresError) in
            try self.check(self.handle.send(script: script), query)
            try await self.finish(query)
        }
    }
}

// MARK: - Running one statement

extension PostgresConnection {
    /// Runs a statement; one that is not cancellable is sent although its task is cancelled.
    @discardableResult
    func run(_ query: PostgresQuery, isCancellable: Bool = true) async throws(PostgresError) -> LibPQResult {
        try await inTurn(query, isCancellable: isCancellable) { () async throws(PostgresError) in
            try self.check(self.handle.send(query), query)
            return try await self.finish(query, isCancellable: isCancellable)
        }
    }

    /// Runs `body` when no other statement is under way on this connection.
    func inTurn<Value: Sendable>(
        _ query: PostgresQuery, isCancellable: Bool = true, _ body: () async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        try await beginTurn(query, isCancellable: isCancellable)
        defer { endTurn() }
        return try await body()
    }

    func beginTurn(_ query: PostgresQuery, isCancellable: Bool = true) async throws(PostgresError) {
        if streamingQuery != nil { throw .connectionBusy(query: query.name) }
        if isCancellable, Task.isCancelled { throw .cancelled(query: query.name) }
        if isTurnTaken {
            await withCheckedContinuation { waitingForTurn.append($0) }
        }
        isTurnTaken = true
        cancelDeadline = nil
    }

    /// The turn passes to the first that waits without becoming free in between.
    func endTurn() {
        isTurnTaken = !waitingForTurn.isEmpty
        if isTurnTaken { waitingForTurn.removeFirst().resume() }
    }

    /// Sends what is left to send and reads to the end of the reply.
    @discardableResult
    func finish(_ query: PostgresQuery, isCancellable: Bool = true) async throws(PostgresError) -> LibPQResult {
        try await flush(query)
        var last: LibPQResult?
        var failure: PostgresError?
        while let result = try await nextResult(query, isCancellable: isCancellable) {
            failure = failure ?? error(in: result, query)
            if case .connectionLost = failure { break }
            last = result
            if [PGRES_COPY_IN, PGRES_COPY_OUT].contains(result.status) {
                close()
                throw .copy(query: query.name, reason: "COPY to or from the client goes through copyIn or copyOut")
            }
        }
        if let failure { throw failure }
        guard let last else { throw lost(query) }
        return last
    }

    /// The next result of the statement, nil at its end.
    func nextResult(_ query: PostgresQuery, isCancellable: Bool = true) async throws(PostgresError) -> LibPQResult? {
        while handle.isBusy { try await waitForInput(query, isCancellable: isCancellable) }
        return handle.nextResult()
    }

    /// Waits for input and reads it. When the task is cancelled, the statement is cancelled on the server and its reply
    /// awaited, so that the request cannot hit the next statement.
    func waitForInput(_ query: PostgresQuery, isCancellable: Bool = true) async throws(PostgresError) {
        let outcome = await loop.wait(
            for: .readable, on: handle.socket, until: cancelDeadline,
            isCancellable: isCancellable && cancelDeadline == nil)
        switch outcome {
        case .ready:
            try check(handle.consumeInput(), query)
        case .cancelled:
            cancelDeadline = .now + Self.cancelGrace
            await requestCancel()
        case .timedOut:
            close()
            throw .cancelled(query: query.name)
        }
    }

    /// How long the server may take to stop a cancelled statement before the connection is given up.
    private static let cancelGrace = Duration.seconds(10)

    /// A request that cannot be made needs no report: the wait for the reply is bounded.
    func requestCancel() async {
        guard let cancelHandle else { return }
        _ = await offload { cancelHandle.request() }
    }

    func flush(_ query: PostgresQuery) async throws(PostgresError) {
        while true {
            switch handle.flush() {
            case 0: return
            case 1:
                _ = await loop.wait(for: .readableOrWritable, on: handle.socket, isCancellable: false)
                try check(handle.consumeInput(), query)
            default: throw lost(query)
            }
        }
    }
}

// MARK: - For the pool

extension PostgresConnection {
    /// Whether the connection can be lent again: it lives and no transaction was left open. A round trip proves, when
    /// asked for or when there is unexpected input, that the server still answers.
    func isUsable(askingServer: Bool) async -> Bool {
        guard !handle.isBroken, handle.transactionStatus == PQTRANS_IDLE else { return false }
        guard askingServer || handle.hasInput else { return true }
        do throws(PostgresError) {
            try await run("", isCancellable: false)
            return true
        } catch {
            return false
        }
    }
}

// MARK: - Errors

extension PostgresConnection {
    func check(_ isDone: Bool, _ query: PostgresQuery) throws(PostgresError) {
        if !isDone { throw lost(query) }
    }

    func lost(_ query: PostgresQuery) -> PostgresError {
        let reason = handle.errorMessage
        close()
        return .connectionLost(query: query.name, reason: reason)
    }

    /// The error that a result reports, if it does.
    func error(in result: LibPQResult, _ query: PostgresQuery) -> PostgresError? {
        guard [PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE].contains(result.status) else { return nil }
        guard let report = PostgresServerError(result, query: query.name), !report.endsSession else {
            close()
            return .connectionLost(query: query.name, reason: result.errorMessage)
        }
        return report.sqlState == .queryCanceled && Task.isCancelled ? .cancelled(query: query.name) : .server(report)
    }
}
