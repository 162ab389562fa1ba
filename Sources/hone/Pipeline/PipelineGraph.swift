import ArgumentParser
import HonePipeline

/// `hone pipeline graph`: the stages and what each waits for.
struct PipelineGraph: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draws a pipeline's stages and what each waits for.",
        discussion: """
            EXAMPLES
              hone pipeline graph first-reasoner
              hone pipeline graph Pipelines/first-reasoner.yaml --format dot | dot -Tsvg > graph.svg
              hone pipeline graph first-reasoner --format mermaid
            """)

    @Argument(help: "A pipeline's file, or the name of one in Pipelines/.")
    var pipeline: String

    @Option(help: "text, dot (for Graphviz) or mermaid (for Markdown).", transform: graphFormat(named:))
    var format = PipelineDefinition.GraphFormat.text

    @OptionGroup var options: GlobalOptions

    func run() throws {
        guard let definition = try PipelineSource(pipeline).definition() else {
            throw CommandError.noSuchPipelineFile(path: "Pipelines/\(pipeline).yaml")
        }
        let graph = definition.graph(format)
        try options.console.emit(DrawnPipeline(name: definition.name, graph: graph), text: graph)
    }
}

private func graphFormat(named name: String) throws -> PipelineDefinition.GraphFormat {
    guard let format = PipelineDefinition.GraphFormat(rawValue: name) else {
        throw ValidationError("There is no format '\(name)'; the formats are text, dot and mermaid.")
    }
    return format
}

private struct DrawnPipeline: Encodable {
    let name: String
    let graph: String
}
