import ArgumentParser

/// `hone model`: the lineages of checkpoints, and which of them is served.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Lists and shows models; promotes and rolls back what is served.",
        discussion: """
            EXAMPLES
              hone model list
              hone model show tiny
              hone model rollback tiny
            """,
        subcommands: [ModelList.self, ModelShow.self, ModelPromote.self, ModelRollback.self])
}

/// What moving the active checkpoint prints.
struct ActiveCheckpoint: Encodable {
    let model: String
    let checkpoint: Int64

    var text: String { "model \(model) serves checkpoint \(checkpoint)" }
}
