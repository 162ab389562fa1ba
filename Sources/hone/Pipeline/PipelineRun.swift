import ArgumentParser
import Foundation
import HoneDatasets
import HoneEmbedded
import HonePipeline
import HonePostgres

/// `hone pipeline run`: starts a run and follows it; leaving off to follow does not stop it.
struct PipelineRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a pipeline and shows how far its stages are.",
        discussion: """
            EXAMPLES
              hone pipeline run first-reasoner
              hone pipeline run first-reasoner --param steps=500 --param model=small
              hone pipeline run Pipelines/first-reasoner.yaml --detach

            A name stands for Pipelines/NAME.yaml where there is one, else for what the database knows under it.
            Ctrl-C only stops following; 'hone jobs cancel' stops a stage. Exit status 1 if a stage does not succeed.
            """)

    @Argument(help: "A pipeline's name or file.")
    var pipeline: String

    @Option(
        name: .customLong("param"),
        help: ArgumentHelp("A parameter's value; may be given again.", valueName: "name=value"))
    var parameters: [PipelineParameter] = []

    @Flag(help: "Start it and print the run's id, without following it.")
    var detach = false

    @OptionGroup var options: GlobalOptions

    private var values: [String: JSONValue] {
        Dictionary(parameters.map { ($0.name, $0.value) }) { _, last in last }
    }

    func run() async throws {
        if case .file(let file) = PipelineSource(pipeline) {
            _ = try PipelineDefinition(file: file)
            do {
                try await StageReading.check(file.path, params: values)
            } catch let error as CommandError where error.isMissingProgram {
                // Who only starts runs need not have what computes them.
                options.console.note("what the stages ask for was not read beforehand: \(error)")
            }
        }
        let status = try await options.withDatabase { connection in
            let runID = try await start(on: connection)
            if detach { return nil as RunStatus? }
            var follower = RunFollower(isSilent: options.json)
            return try await follower.follow(runID, on: connection)
        }
        guard let status else { return }
        try options.console.emit(status, text: status.text)
        if status.state != "succeeded" { throw ExitCode.failure }
    }

    /// Registers the file's definition and starts it, or neither.
    private func start(on connection: PostgresConnection) async throws -> Int64 {
        let source = PipelineSource(pipeline)
        let (runID, name) = try await connection.withTransaction { transaction in
            let name = try await source.register(in: transaction)
            let codeVersion = CodeVersion.current(environment: ProcessInfo.processInfo.environment)
            let runID = try await PipelineRuns.start(
                name, params: values, codeVersion: codeVersion, in: transaction)
            return (runID, name)
        }
        try options.console.emit(StartedRun(run: runID, pipeline: name), text: "run \(runID) of \(name)")
        fflush(nil)
        return runID
    }
}

private struct StartedRun: Encodable {
    let run: Int64
    let pipeline: String
}
