import HonePostgres
import Logging
import Synchronization

/// What the parts of one worker share.
final class WorkerState: Sendable {
    let configuration: WorkerConfiguration
    let statements: WorkerStatements
    let book = LeaseBook()
    let logger: Logger
    /// Set when there may be something to claim, a slot came free, or the worker is to stop.
    let wake = Signal()
    /// The jobs that wait for others.
    let news = NewsBoard()
    private let draining = Mutex(false)

    init(_ configuration: WorkerConfiguration, id: Int32, logger: Logger) {
        self.configuration = configuration
        statements = WorkerStatements(worker: id)
        self.logger = logger
    }

    var isDraining: Bool { draining.withLock { $0 } }

    /// No more claims; what runs may come to its end.
    func drain() {
        draining.withLock { $0 = true }
        logger.notice("draining: claims no more jobs, and ends when those that it holds are done or set down")
        wake.set()
        news.tellAll()
    }

    func wait(_ duration: Duration) async {
        await Signal().wait(for: duration)
    }

    /// Repeats a statement while the server cannot be reached, for as long as one of the leases may still be held.
    func whileUnreachable<Value: Sendable>(
        holding leases: [LeaseID], _ statement: () async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        var backoff = Backoff()
        while true {
            do {
                return try await statement()
            } catch {
                guard error.isTransient, leases.contains(where: book.isHeld) else { throw error }
                logger.warning("trying again", metadata: ["error": "\(error)"])
            }
            await wait(backoff.next())
        }
    }
}
