import ArgumentParser
import Foundation
import HonePipeline
import HonePostgres

/// `hone schedule resume`: runs by itself again, or from now on.
struct ScheduleResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets a schedule start runs again, or for the first time: a pipeline's file is read anew.",
        discussion: """
            What was due during the pause is not made up for.

            EXAMPLES
              hone schedule resume continual
              hone schedule resume Pipelines/continual.yaml
            """)

    @Argument(help: "The pipeline's name, or its file.", completion: .file(extensions: ["yaml", "yml"]))
    var pipeline: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let resumed = try await options.withDatabase { connection in
            try await connection.withTransaction { transaction in
                let name = try await PipelineSource(pipeline).register(in: transaction)
                return ResumedSchedule(
                    pipeline: name, nextAt: try await Schedules.resume(name, in: transaction))
            }
        }
        try options.console.emit(
            resumed, text: "\(resumed.pipeline) is due next at \(resumed.nextAt.ISO8601Format())")
    }
}

private struct ResumedSchedule: Encodable {
    let pipeline: String
    let nextAt: Date
}
