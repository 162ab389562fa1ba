import HoneCatalog
import HonePostgres
import HoneQueue
public import HoneTraining
import Synchronization

/// Collects what steps report and puts it on record, beside the training and never in its way.
///
/// A step stays here until the transaction that wrote it is committed. Writing it twice is the same as once, and the
/// lease's row, which every transaction of the attempt locks, keeps two from writing at a time. So a resume point that
/// is recorded with all unrecorded steps never gets ahead of the record. The steps of a lease are the most that
/// collects: an attempt that cannot reach the server for longer is stopped.
public final class MetricRecorder: Sendable {
    private struct Report {
        let step: any RecordedStep
        let endedAt: ContinuousClock.Instant
    }

    private let reports = Mutex<[Report]>([])

    public init() {}

    /// Takes a report; called on the thread that trains.
    public func note(_ step: some RecordedStep) {
        let report = Report(step: step, endedAt: .now)
        reports.withLock { $0.append(report) }
    }

    /// What is not known to be on record yet.
    var unrecorded: [MeasuredStep] {
        reports.withLock { $0 }.map {
            MeasuredStep(step: $0.step.step, numbers: $0.step.metrics, endedAt: $0.endedAt)
        }
    }

    /// Forgets steps, which are on record for good.
    func settle(_ steps: [MeasuredStep]) {
        guard let last = steps.last else { return }
        reports.withLock { reports in reports.removeAll { $0.step.step <= last.step } }
    }

    /// Puts on record what is not yet, in a transaction of its own.
    /// - Throws: `QueueError.leaseLost`, or the server's error; nothing is lost by it.
    func flush(for job: ClaimedJob, _ context: JobContext) async throws {
        let steps = unrecorded
        if steps.isEmpty { return }
        try await context.write(for: job) { transaction in
            try await StepMetrics.record(steps, of: JobAttempt(job), in: transaction)
        }
        settle(steps)
    }
}
