import Logging

/// The notifications of some channels, without end: when the connection breaks, it makes a new one.
///
/// ```swift
/// for await event in PostgresListener(configuration: configuration, channels: ["hone_queue"]) {
///     switch event {
///     case .connected: break  // look once for what was missed
///     case .notification(let notification): …
///     }
/// }
/// ```
/// The sequence ends when its task is cancelled. It reads from the socket only when asked for the next event, so a slow
/// reader costs no memory here.
public struct PostgresListener: AsyncSequence, Sendable {
    public enum Event: Sendable, Hashable {
        /// From here on notifications arrive; those before it, or since the connection broke, may be lost.
        case connected
        case notification(PostgresNotification)
    }

    private let configuration: PostgresConfiguration
    private let channels: [String]

    public init(configuration: PostgresConfiguration, channels: [String]) {
        self.configuration = configuration
        self.channels = channels
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(configuration: configuration, channels: channels)
    }

    public struct Iterator: AsyncIteratorProtocol {
        private let configuration: PostgresConfiguration
        private let channels: [String]
        private var connection: PostgresConnection?
        private var failureCount = 0
        private let logger = Logger(label: "hone.postgres.listener")

        fileprivate init(configuration: PostgresConfiguration, channels: [String]) {
            self.configuration = configuration
            self.channels = channels
        }

        public mutating func next() async -> Event? {
            await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> Event? {
            while !Task.isCancelled {
                do throws(PostgresError) {
                    if let connection { return .notification(try await connection.nextNotification()) }
                    connection = try await listen()
                    failureCount = 0
                    return .connected
                } catch {
                    await connection?.close()
                    connection = nil
                    if !Task.isCancelled { await backOff(after: error) }
                }
            }
            return nil
        }

        private nonisolated(nonsending) func listen() async throws(PostgresError) -> PostgresConnection {
            let connection = try await PostgresConnection.connect(to: configuration)
            for channel in channels { try await connection.execute("LISTEN \(identifier: channel)") }
            return connection
        }

        /// Waits from a tenth of a second up to five, with jitter so that a fleet does not return as one.
        private nonisolated(nonsending) mutating func backOff(after error: PostgresError) async {
            let delay = Swift.min(5, 0.1 * Double(1 << Swift.min(failureCount, 6))) * .random(in: 0.5...1)
            failureCount += 1
            logger.warning("not listening, next attempt in \(Int(delay * 1000)) ms: \(error)")
            let loop = EventLoop.shared
            _ = await loop.wait(for: loop.makeTicket(), until: .now + .seconds(delay))
        }
    }
}

extension PostgresConnection {
    /// Waits for a notification of the channels that this session listens to.
    func nextNotification() async throws(PostgresError) -> PostgresNotification {
        while true {
            if let notification = handle.nextNotification() { return notification }
            let outcome = await loop.wait(for: .readable, on: handle.socket)
            if outcome == .cancelled { throw .cancelled(query: "LISTEN") }
            try check(handle.consumeInput(), "LISTEN")
        }
    }
}
