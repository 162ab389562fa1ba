import ArgumentParser

/// `hone jobs`: looking at jobs and steering them.
struct Jobs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists, shows, plots, cancels, retries and waits for jobs.",
        discussion: """
            EXAMPLES
              hone jobs list --state failed
              hone jobs show 42
              hone jobs wait 42 43 --timeout 60
              hone jobs plot 42 --out training.svg
            """,
        subcommands: [
            JobsList.self, JobsShow.self, JobsLogs.self, JobsMetrics.self, JobsPlot.self, JobsCancel.self,
            JobsRetry.self, JobsWait.self,
        ])
}

/// The states of DESIGN's life cycle, as `hone.job_status` names them.
enum JobState: String, ExpressibleByArgument, CaseIterable, Codable {
    case available
    case scheduled
    case retryable
    case running
    case waiting
    case succeeded
    case failed
    case cancelled

    /// Whether the job stays as it is, unless somebody retries it.
    var isFinal: Bool { [.succeeded, .failed, .cancelled].contains(self) }
}

/// What steering a job prints: `done` is false where there was nothing to do.
struct SteeredJob: Encodable {
    let id: Int64
    let done: Bool
}
