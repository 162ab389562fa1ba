import ArgumentParser
import Foundation
import HoneDatasets
import HonePipeline
import HoneWorker

/// `hone-worker check-pipeline`: reads what a pipeline's stages ask for, for `hone pipeline validate` and `run`.
struct CheckPipelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-pipeline",
        abstract: "Reads the stages' payloads as their handlers will.", shouldDisplay: false)

    @Argument(help: "The file.")
    var file: String

    @Option(help: ArgumentHelp("The run's parameters, over the pipeline's own.", valueName: "json"))
    var params = "{}"

    func run() async throws {
        let values = try JSONDecoder().decode([String: JSONValue].self, from: Data(params.utf8))
        do {
            try StageCheck.check(PipelineDefinition(file: URL(filePath: file)), params: values)
        } catch {
            HoneWorkerProgram.complain("\(file): \(error)")
            throw ExitCode.failure
        }
    }
}
