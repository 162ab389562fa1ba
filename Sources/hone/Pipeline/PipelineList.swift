import ArgumentParser
import Foundation
import HonePipeline

/// `hone pipeline list`: the pipelines that the database knows.
struct PipelineList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the pipelines that the database knows.",
        discussion: """
            EXAMPLES
              hone pipeline list
              hone pipeline list --json
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let pipelines = try await options.withDatabase { try await PipelineRuns.list(in: $0) }
        try options.console.emit(
            pipelines,
            columns: [
                Column("PIPELINE") { $0.name }, Column("VERSION") { String($0.hash.prefix(12)) },
                Column("STAGES", isNumber: true) { String($0.stageCount) },
                Column("RUNS", isNumber: true) { String($0.runCount) },
                Column("SINCE") { $0.createdAt.ISO8601Format().clockTime }, Column("WHAT") { $0.description ?? "" },
            ],
            none: "no pipelines yet; 'hone pipeline run Pipelines/NAME.yaml' registers and runs one")
    }
}
