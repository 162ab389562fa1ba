import Synchronization

/// What a training run has to tell, from the thread that trains to the task that tells the database.
final class ProgressFeed<Report: TrainingReport>: Sendable {
    private let untold = Mutex<Report?>(nil)
    private let latest = Mutex<Report?>(nil)
    private let latestPoint = Mutex<ResumePoint?>(nil)

    func put(_ report: Report) {
        untold.withLock { $0 = report }
        latest.withLock { $0 = report }
    }

    func put(_ point: ResumePoint) {
        latestPoint.withLock { $0 = point }
    }

    /// The report that came since the last call.
    func takeReport() -> Report? {
        untold.withLock { $0.take() }
    }

    var lastReport: Report? { latest.withLock { $0 } }
    var lastPoint: ResumePoint? { latestPoint.withLock { $0 } }
}
