import AsyncAlgorithms
import HonePostgres
public import HoneQueue

/// `noop`: does nothing, to measure the queue; with `sleep_ms` it waits, to try out cancellation and drains.
public struct NoopHandler: JobHandler {
    public static let kind = "noop"

    public let batchLimit = 256

    public init() {}

    public func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        var idle: [ClaimedJob] = []
        var sleepy: [(job: ClaimedJob, pause: Duration)] = []
        for job in jobs {
            do {
                let payload = try NoopPayload(json: job.payload.data)
                switch payload.sleepMilliseconds ?? 0 {
                case 0: idle.append(job)
                case let count: sleepy.append((job, .milliseconds(count)))
                }
            } catch {
                try await context.fail(job, .permanent("\(error)"))
            }
        }
        try await finish(idle, context)
        for (job, pause) in sleepy where context.isWanted(job) {
            try await wait(pause, job, context)
            if context.isWanted(job) { try await finish([job], context) }
        }
    }

    private func finish(_ jobs: [ClaimedJob], _ context: JobContext) async throws {
        try await context.complete(jobs.map { ($0, PostgresJSON(text: "{}")) })
    }

    /// Waits until the time is over or the job is not wanted any more.
    private func wait(_ pause: Duration, _ job: ClaimedJob, _ context: JobContext) async throws {
        let end = ContinuousClock.now + pause
        let step = min(pause, .milliseconds(50))
        for await _ in AsyncTimerSequence(interval: step, clock: .continuous)
        where .now >= end || !context.isWanted(job) {
            break
        }
        try Task.checkCancellation()
    }
}
