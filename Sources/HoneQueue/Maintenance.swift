import HonePostgres
import Logging

/// What every worker does for all: makes due jobs available and rescues the jobs of workers that died. Any number may
/// do it at a time, and one that lives suffices.
struct Maintenance: Sendable {
    let session: any PostgresSession
    let configuration: WorkerConfiguration
    let logger: Logger
    /// Set when something happened that may have added a due job.
    let lookNow: Signal

    /// Runs until the task is cancelled.
    func run() async {
        var backoff = Backoff()
        var lastFullRescue: ContinuousClock.Instant?
        while !Task.isCancelled {
            do throws(PostgresError) {
                let isFull = lastFullRescue.map { $0 + configuration.leaseDuration / 5 < .now } ?? true
                try await rescue(expired: isFull)
                if isFull { lastFullRescue = .now }
                let untilDue = try await promote()
                await lookNow.wait(for: min(untilDue ?? .seconds(3600), jittered))
                backoff.reset()
            } catch {
                if Task.isCancelled { return }
                logger.warning("no maintenance", metadata: ["error": "\(error)"])
                await lookNow.wait(for: backoff.next())
            }
        }
    }

    private var jittered: Duration { configuration.maintenanceInterval * Double.random(in: 0.8...1.2) }

    private func rescue(expired: Bool) async throws(PostgresError) {
        let count = try await session.query(
            WorkerStatements.rescue(leaseDuration: configuration.leaseDuration, expired: expired)
        ).one().decode("rescued", as: Int32.self)
        if count > 0 { logger.notice("rescued \(count) jobs of workers that died or fell silent") }
    }

    /// - Returns: The time until the next job is due, nil if none waits.
    private func promote() async throws(PostgresError) -> Duration? {
        try await session.query(WorkerStatements.promoteDue).one().decode("wait", as: Int64?.self)
            .map { .milliseconds($0 + 1) }
    }
}
