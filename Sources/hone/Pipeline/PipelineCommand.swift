import ArgumentParser

/// `hone pipeline`: what can be run, and what runs.
struct PipelineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline",
        abstract: "Lists, checks and runs pipelines and shows how far they are.",
        discussion: """
            EXAMPLES
              hone pipeline validate Pipelines/first-reasoner.yaml
              hone pipeline run first-reasoner --param steps=2000
              hone pipeline status 7
            """,
        subcommands: [
            PipelineList.self, PipelineValidate.self, PipelineRun.self, PipelineStatus.self, PipelineGraph.self,
        ])
}
