import ArgumentParser
import AsyncAlgorithms
import HonePostgres

/// `hone jobs wait`: returns when the jobs have ended; exit status 1 if one did not succeed.
struct JobsWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Waits until jobs have ended, showing how far they are.",
        discussion: """
            EXAMPLES
              hone jobs wait 42 43
              hone jobs wait --kind reason --timeout 600
              hone jobs wait --run 7 --json

            Exit status 1 if one of them failed or was cancelled, or if the time is up.
            """)

    @Argument(help: "The jobs' ids.")
    var ids: [Int64] = []

    @Option(help: "All jobs of this kind.")
    var kind: String?

    @Option(help: "All jobs of this queue.")
    var queue: String?

    @Option(name: .customLong("run"), help: "All jobs of this pipeline run.")
    var runID: Int64?

    @Option(help: ArgumentHelp("Give up after this many seconds.", valueName: "seconds"))
    var timeout: Int?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if ids.isEmpty, kind == nil, queue == nil, runID == nil {
            throw ValidationError("Say which jobs: ids, --kind, --queue or --run.")
        }
    }

    func run() async throws {
        let selection = JobSelection(ids: ids, kind: kind, queue: queue, runID: runID)
        let counts = try await options.withDatabase { connection in try await follow(selection, on: connection) }
        try options.console.emit(counts, text: counts.text)
        if counts.failed + counts.cancelled > 0 { throw ExitCode.failure }
    }

    private func follow(_ selection: JobSelection, on connection: PostgresConnection) async throws -> JobCounts {
        var progress = ProgressLine(isSilent: options.json)
        let start = ContinuousClock.now
        var counts = try await selection.count(on: connection)
        if counts.total < ids.count { throw CommandError.noSuchRow(noun: "job", name: "among those ids") }
        let finishedBefore = counts.finished
        for await _ in AsyncTimerSequence(interval: .milliseconds(250), clock: .continuous) {
            if counts.finished == counts.total { break }
            counts = try await selection.count(on: connection)
            let elapsed = start.duration(to: .now)
            progress.show(
                counts.text + Self.pace(counts.finished - finishedBefore, in: elapsed, of: counts),
                fraction: Double(counts.finished) / Double(max(counts.total, 1)))
            if let timeout, elapsed >= .seconds(timeout) {
                throw CommandError.timedOut(unfinishedCount: counts.total - counts.finished)
            }
        }
        return counts
    }

    /// Jobs a second so far, and the time that the rest takes at that pace.
    private static func pace(_ done: Int, in elapsed: Duration, of counts: JobCounts) -> String {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        guard done > 0, seconds >= 1 else { return "" }
        let rest = Duration.seconds(Double(counts.total - counts.finished) * seconds / Double(done))
        let rate = Double(done) / seconds
        return ", \(rate >= 10 ? "\(Int(rate))" : "\((rate * 10).rounded() / 10)")/s, \(rest.clockText) to go"
    }
}
