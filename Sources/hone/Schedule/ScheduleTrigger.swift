import ArgumentParser
import Foundation
import HoneEmbedded
import HonePipeline

/// `hone schedule trigger`: a run now, as the schedule would start it.
struct ScheduleTrigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger",
        abstract: "Starts a run now with the schedule's parameters, whatever its condition says.",
        discussion: """
            It does not change when the schedule is due next. Exit status 1 if the run cannot be started.

            EXAMPLES
              hone schedule trigger continual && hone pipeline status --follow
            """)

    @Argument(help: "The pipeline's name.")
    var pipeline: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let codeVersion = CodeVersion.current(environment: ProcessInfo.processInfo.environment)
        let firing = try await options.withDatabase {
            try await Schedules.trigger(pipeline, codeVersion: codeVersion, in: $0)
        }
        let text = firing.run.map { "run \($0) of \(pipeline)" } ?? "\(pipeline) was not started: \(firing.reason)"
        try options.console.emit(firing, text: text)
        if firing.run == nil { throw ExitCode.failure }
    }
}
