import HoneTraining
import Synchronization

/// What a training run has to tell, from the thread that trains to the task that tells the database.
final class ProgressFeed: Sendable {
    private let latestReport = Mutex<StepReport?>(nil)
    private let latestPoint = Mutex<ResumePoint?>(nil)

    func put(_ report: StepReport) {
        latestReport.withLock { $0 = report }
    }

    func put(_ point: ResumePoint) {
        latestPoint.withLock { $0 = point }
    }

    /// The report that came since the last call.
    func takeReport() -> StepReport? {
        latestReport.withLock { $0.take() }
    }

    var lastPoint: ResumePoint? { latestPoint.withLock { $0 } }
}

/// Progress of a training job, as its row shows it.
struct TrainingProgress: Encodable {
    let step: Int
    let steps: Int
    let loss: Double
    let tokensPerSecond: Int
    let secondsLeft: Int

    init(_ report: StepReport) {
        step = report.step
        steps = report.steps
        loss = report.loss
        tokensPerSecond = Int(report.tokensPerSecond.rounded())
        secondsLeft = Int(report.secondsLeft.rounded())
    }

    enum CodingKeys: String, CodingKey {
        case step, steps, loss
        case tokensPerSecond = "tokens_per_s"
        case secondsLeft = "eta_s"
    }
}
