import ArgumentParser
import HonePipeline
import HonePostgres

/// `hone pipeline status`: a run and its stages.
struct PipelineStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the stages of a run, by default of the latest one.",
        discussion: """
            EXAMPLES
              hone pipeline status
              hone pipeline status 7 --json
            """)

    @Argument(help: "The run's id.")
    var runID: Int64?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let status = try await options.withDatabase { connection in
            guard let runID else {
                guard let latest = try await PipelineRuns.latest(1, in: connection).first else {
                    throw CommandError.nothingHasRun
                }
                return latest
            }
            return try await PipelineRuns.status(of: runID, in: connection)
        }
        try options.console.emit(status, text: status.text)
    }
}

extension RunStatus {
    var text: String {
        let origin = codeVersion.map { ", started by code \($0)" } ?? ""
        return "run \(id) of \(pipeline): \(state)\(origin)\n" + Table(columns: StageStatus.columns).text(stages)
    }
}
