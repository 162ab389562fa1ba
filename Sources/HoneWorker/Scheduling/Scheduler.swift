import AsyncAlgorithms
import HonePipeline
public import HonePostgres
public import Logging
public import ServiceLifecycle

/// Starts the runs of pipelines that are due. Every worker does this for all, and the database lets each due time be
/// fired once, so one worker that lives suffices.
public struct Scheduler: Service {
    private let pool: PostgresPool
    private let codeVersion: String
    private let interval: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - pool: where the schedules are
    ///   - codeVersion: what started the runs, for those who ask later
    ///   - interval: how often to look; a cron expression's minute is no finer than that
    ///   - logger: hears of what was started and of servers that do not answer
    public init(pool: PostgresPool, codeVersion: String, interval: Duration = .seconds(5), logger: Logger) {
        self.pool = pool
        self.codeVersion = codeVersion
        self.interval = interval
        self.logger = logger
    }

    public func run() async throws {
        await fire()
        for await _ in AsyncTimerSequence(interval: interval, clock: .continuous).cancelOnGracefulShutdown() {
            await fire()
        }
    }

    private func fire() async {
        do {
            for firing in try await Schedules.fire(codeVersion: codeVersion, in: pool) {
                logger.notice(
                    "schedule of \(firing.pipeline): \(firing.outcome)",
                    metadata: ["reason": "\(firing.reason)", "run": "\(firing.run.map(String.init) ?? "none")"])
            }
        } catch {
            if !Task.isCancelled { logger.warning("no schedules", metadata: ["error": "\(error)"]) }
        }
    }
}
