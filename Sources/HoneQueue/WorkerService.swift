import Foundation
public import HonePostgres
public import Logging
public import ServiceLifecycle

/// A worker: claims jobs of the kinds it has handlers for, keeps their leases alive, and runs them.
///
/// It survives restarts of the server: it goes on as soon as it can connect again, and what it had computed is
/// committed then if its leases still stand. At a graceful shutdown it claims no more, lets running jobs end within
/// ``WorkerConfiguration/drainTimeout``, and gives the rest back.
public final class WorkerService: Service {
    private let pool: PostgresPool
    private let configuration: WorkerConfiguration
    private let handlers: [String: any JobHandler]
    private let logger: Logger

    /// The pool lends each running batch a connection at a time, and a few to the worker itself.
    /// - Throws: ``QueueError`` if there is no handler, or more than one for a kind.
    public init(
        pool: PostgresPool, configuration: WorkerConfiguration, handlers: [any JobHandler],
        logger: Logger = Logger(label: "hone.worker")
    ) throws(QueueError) {
        guard !handlers.isEmpty else { throw .noHandlers }
        var byKind: [String: any JobHandler] = [:]
        for handler in handlers {
            let kind = type(of: handler).kind
            precondition(handler.batchLimit > 0, "the handler of \(kind) takes \(handler.batchLimit) jobs")
            guard byKind.updateValue(handler, forKey: kind) == nil else { throw .duplicateHandler(kind: kind) }
        }
        self.pool = pool
        self.configuration = configuration
        self.handlers = byKind
        self.logger = logger
    }

    /// Works until a graceful shutdown, or until idle if so configured.
    /// - Throws: An error of the database that will not pass, such as a missing schema, or the first failure to
    ///   connect.
    public func run() async throws {
        let registration = WorkerStatements.register(
            configuration, kinds: handlers.keys.sorted(), host: ProcessInfo.processInfo.hostName,
            pid: ProcessInfo.processInfo.processIdentifier)
        let id: Int32 = try await pool.query(registration).one().decode("id")
        let worker = WorkerState(configuration, id: id, logger: logger)
        try await withGracefulShutdownHandler {
            try await run(worker)
        } onGracefulShutdown: {
            worker.drain()
        }
    }

    private func run(_ worker: WorkerState) async throws {
        let heart = Heart(
            configuration, database: pool.configuration, statements: worker.statements, book: worker.book,
            logger: logger)
        let maintenance = Maintenance(
            session: pool, configuration: configuration, logger: logger, lookNow: Signal())
        let claims = ClaimLoop(pool: pool, worker: worker, handlers: handlers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await heart.run() }
            group.addTask { await heart.watch() }
            group.addTask { await maintenance.run() }
            group.addTask { await self.listen(worker, heart, maintenance) }
            defer { group.cancelAll() }
            try await claims.run()
        }
        await signOff(worker)
    }

    /// Wakes whoever a notification concerns. A lost one costs at most a poll's interval.
    private func listen(_ worker: WorkerState, _ heart: Heart, _ maintenance: Maintenance) async {
        let own = "\(worker.statements.worker)"
        let events = PostgresListener(
            configuration: pool.configuration, channels: ["hone_queue", "hone_cancel", "hone_news"])
        for await event in events {
            switch event {
            case .notification(let note) where note.channel == "hone_cancel":
                if note.payload == own { heart.beatNow.set() }
            case .notification(let note) where note.channel == "hone_news":
                if let job = Int64(note.payload) { worker.news.tell(job) }
            case .notification(let note) where configuration.queues?.contains(note.payload) == false:
                continue
            case .notification, .connected:
                worker.wake.set()
                maintenance.lookNow.set()
            }
        }
    }

    private func signOff(_ worker: WorkerState) async {
        do throws(PostgresError) {
            try await pool.query(worker.statements.stop)
        } catch {
            // Its session has ended, by which the others notice too.
            logger.debug("could not sign off", metadata: ["error": "\(error)"])
        }
    }
}
