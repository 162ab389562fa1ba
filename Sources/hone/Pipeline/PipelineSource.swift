import Foundation
import HonePipeline
import HonePostgres

/// What the user means by a pipeline: a file, or a name that stands for `Pipelines/NAME.yaml` or for what the database
/// knows under it.
enum PipelineSource {
    case file(URL)
    case name(String)

    init(_ argument: String) {
        if argument.hasSuffix(".yaml") || argument.hasSuffix(".yml") || argument.contains("/") {
            self = .file(URL(filePath: argument))
        } else {
            self = Self.shipped(argument).map(PipelineSource.file) ?? .name(argument)
        }
    }

    /// The definition, where there is a file.
    func definition() throws -> PipelineDefinition? {
        switch self {
        case .file(let url): try PipelineDefinition(file: url)
        case .name: nil
        }
    }

    /// Makes a file's definition the current one of its name; returns the name to run.
    func register(in session: some PostgresSession) async throws -> String {
        switch self {
        case .file(let url):
            let definition = try PipelineDefinition(file: url)
            try await PipelineRuns.register(definition, in: session)
            return definition.name
        case .name(let name):
            return name
        }
    }

    /// `Pipelines/NAME.yaml` below the working directory, or below the checkout that the program was built in.
    private static func shipped(_ name: String) -> URL? {
        var folders = [URL(filePath: FileManager.default.currentDirectoryPath)]
        var folder = HandOver.programFolder
        while folder.path != "/" {
            folders.append(folder)
            folder.deleteLastPathComponent()
        }
        return folders.map { $0.appending(path: "Pipelines/\(name).yaml") }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
