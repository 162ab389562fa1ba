import ArgumentParser
import Foundation
import HonePipeline

/// `hone pipeline validate`: reads a file as a run would, without a database.
struct PipelineValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks pipeline files: stages, what they ask for, needs, references, cycles.",
        discussion: """
            EXAMPLES
              hone pipeline validate Pipelines/first-reasoner.yaml
              hone pipeline validate Pipelines/*.yaml
            """)

    @Argument(help: "The files.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        for file in files {
            let definition = try PipelineDefinition(file: URL(filePath: file))
            try await StageReading.check(file)
            let valid = ValidPipeline(file: file, name: definition.name, stages: definition.stages.count)
            try options.console.emit(valid, text: "\(file): \(valid.name), \(valid.stages) stages, valid")
        }
    }
}

private struct ValidPipeline: Encodable {
    let file: String
    let name: String
    let stages: Int
}
