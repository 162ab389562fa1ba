import AsyncAlgorithms
import HoneEmbedded
import Logging
import ServiceLifecycle

/// Keeps the private PostgreSQL running: one that was killed, by hand or for want of memory, is started again, and
/// recovers.
struct ServerKeeper: Service {
    let server: EmbeddedPostgres
    let logger: Logger

    private let pause = Duration.seconds(1)

    /// - Throws: `EmbeddedError` if it cannot be started again, which ends `hone dev` with the reason.
    func run() async throws {
        try await cancelWhenGracefulShutdown {
            for await _ in AsyncTimerSequence(interval: pause, clock: .continuous) where !server.isAlive {
                logger.warning("PostgreSQL has ended; starting it again. Its log is \(server.home.log)")
                try await server.startAgain()
            }
        }
    }
}
