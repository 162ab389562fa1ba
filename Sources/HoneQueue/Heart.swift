import HoneConcurrency
import HonePostgres
import Logging

/// Keeps a worker's leases alive, from a thread and a connection of its own, so that neither a busy processor nor a
/// busy pool delays a heartbeat.
///
/// Its session holds the worker's advisory lock: when the process dies, the lock goes with it, and others need not wait
/// for the leases to expire. That only speeds up rescue; what keeps two workers apart is the fence.
actor Heart {
    private let executor = BlockingExecutor(name: "heartbeat")
    private let configuration: WorkerConfiguration
    private let database: PostgresConfiguration
    private let statements: WorkerStatements
    private let book: LeaseBook
    private let logger: Logger
    private var connection: PostgresConnection?
    private var isAttached = false
    /// Asks for a heartbeat at once.
    nonisolated let beatNow = Signal()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        _ configuration: WorkerConfiguration, database: PostgresConfiguration, statements: WorkerStatements,
        book: LeaseBook, logger: Logger
    ) {
        self.configuration = configuration
        self.database = Self.impatient(database, configuration)
        self.statements = statements
        self.book = book
        self.logger = logger
    }

    /// A heartbeat that hangs must fail while there is time for another.
    private static func impatient(
        _ database: PostgresConfiguration, _ configuration: WorkerConfiguration
    ) -> PostgresConfiguration {
        var database = database
        database.connectTimeout = configuration.heartbeatInterval
        database.statementTimeout = configuration.heartbeatInterval
        database.applicationName = "hone heartbeat"
        return database
    }

    /// Beats until the task is cancelled.
    func run() async {
        var backoff = Backoff(longest: .seconds(1))
        while !Task.isCancelled {
            do throws(PostgresError) {
                try await beat()
                backoff.reset()
                await beatNow.wait(for: isAttached ? configuration.heartbeatInterval : .milliseconds(250))
            } catch {
                if Task.isCancelled { break }
                logger.warning("no heartbeat", metadata: ["error": "\(error)"])
                await disconnect()
                await beatNow.wait(for: backoff.next())
            }
        }
        await disconnect()
    }

    /// Gives up leases that could not be renewed in time, until the task is cancelled. Runs beside ``run()``, and while
    /// a heartbeat waits for the server too.
    func watch() async {
        let tick = Signal()
        while !Task.isCancelled {
            let count = book.expire(at: .now)
            if count > 0 {
                logger.error("gave up \(count) leases: no heartbeat for \(configuration.leaseDuration)")
            }
            await tick.wait(for: .milliseconds(500))
        }
    }

    private func beat() async throws(PostgresError) {
        let connection = try await connected()
        let asked = book.held
        let sentAt = ContinuousClock.now
        let rows = try await connection.query(
            statements.heartbeat(asked, leaseDuration: configuration.leaseDuration))
        var renewed: Set<Int64> = []
        var cancelled: Set<Int64> = []
        for row in rows {
            let (job, cancel) = try row.decode(Int64.self, Bool.self)
            renewed.insert(job)
            if cancel { cancelled.insert(job) }
        }
        let lostCount = book.renew(asked, renewed: renewed, until: sentAt + configuration.leaseDuration)
        if lostCount > 0 { logger.warning("lost \(lostCount) leases to other workers") }
        for lease in asked where cancelled.contains(lease.job) {
            try await confirmCancel(lease, on: connection)
        }
    }

    /// Ends the attempt in the database at once; the handler's task winds down by itself and can commit nothing more.
    private func confirmCancel(_ lease: LeaseID, on connection: PostgresConnection) async throws(PostgresError) {
        do throws(PostgresError) {
            try await connection.execute(WorkerStatements.confirmCancel(lease))
            book.drop([lease], as: .cancelled)
        } catch {
            switch error.sqlState {
            case .leaseLost: return  // it ended in another way meanwhile
            case .lockNotAvailable: return  // its completion is being committed; the next heartbeat tells
            default: throw error
            }
        }
    }

    private func connected() async throws(PostgresError) -> PostgresConnection {
        if connection == nil {
            let fresh = try await PostgresConnection.connect(to: database)
            connection = fresh
            try await fresh.execute(PostgresQuery("SET lock_timeout = '1s'").named("bound the waits of heartbeats"))
        }
        guard let connection else { throw .poolClosed }
        // An old session of this worker may linger; it goes on with heartbeats and tries again.
        if !isAttached { isAttached = try await connection.query(statements.attach).one().decode("attached") }
        return connection
    }

    private func disconnect() async {
        await connection?.close()
        connection = nil
        isAttached = false
    }
}
