import ArgumentParser
import HoneCatalog

/// `hone model rollback`: serves the checkpoint before the active one again; running workers follow at once.
struct ModelRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Serves the checkpoint before the active one again.",
        discussion: """
            EXAMPLES
              hone model rollback tiny
            """)

    @Argument(help: "The model's name.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let earlier = try await options.withDatabase { try await Promotions.rollBack(name, in: $0) }
        let active = ActiveCheckpoint(model: name, checkpoint: earlier)
        try options.console.emit(active, text: active.text)
    }
}
