import CLibPQ
import HoneConcurrency
import Synchronization

extension PostgresConnection {
    /// Opens a connection.
    /// - Throws: ``PostgresError/cannotConnect(server:reason:)`` when there is none within the configured time.
    public static func connect(to configuration: PostgresConfiguration) async throws(PostgresError)
        -> PostgresConnection
    {
        let started = await offload { StartedConnection(configuration) }
        let connection = PostgresConnection(configuration: configuration, handle: started.take())
        do {
            try await connection.finishConnecting()
        } catch {
            await connection.close()
            throw error
        }
        return connection
    }

    private func finishConnecting() async throws(PostgresError) {
        let deadline = ContinuousClock.now + configuration.connectTimeout
        var interest = EventLoop.Interest.writable
        while true {
            guard !handle.isBroken else { throw cannotConnect(handle.errorMessage) }
            switch await loop.wait(for: interest, on: handle.socket, until: deadline) {
            case .ready: break
            case .timedOut: throw cannotConnect("no answer within \(configuration.connectTimeout)")
            case .cancelled: throw .cancelled(query: "connect")
            }
            switch handle.pollConnect() {
            case PGRES_POLLING_READING: interest = .readable
            case PGRES_POLLING_WRITING: interest = .writable
            case PGRES_POLLING_OK:
                guard handle.setNonBlocking() else { throw cannotConnect(handle.errorMessage) }
                cancelHandle = handle.makeCancelHandle()
                return
            default: throw cannotConnect(handle.errorMessage)
            }
        }
    }

    private func cannotConnect(_ reason: String) -> PostgresError {
        .cannotConnect(server: configuration.description, reason: reason)
    }
}

/// Carries a connection over from the thread that looked up the server's name.
private final class StartedConnection: Sendable {
    private let connection: Mutex<LibPQConnection?>

    init(_ configuration: PostgresConfiguration) {
        connection = Mutex(LibPQConnection(starting: configuration.libpqParameters))
    }

    func take() -> LibPQConnection {
        guard let connection = connection.withLock({ $0.take() }) else { preconditionFailure("taken twice") }
        return connection
    }
}
