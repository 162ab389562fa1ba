import ArgumentParser
import HonePipeline

/// `hone schedule pause`: no new runs by themselves.
struct SchedulePause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stops a schedule from starting runs; those that run go on.",
        discussion: """
            EXAMPLES
              hone schedule pause continual
            """)

    @Argument(help: "The pipeline's name.")
    var pipeline: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withDatabase { try await Schedules.pause(pipeline, in: $0) }
        try options.console.emit(
            PausedSchedule(pipeline: pipeline), text: "the schedule of \(pipeline) is paused")
    }
}

private struct PausedSchedule: Encodable {
    let pipeline: String
    let paused = true
}
