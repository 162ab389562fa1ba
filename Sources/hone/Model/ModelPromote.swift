import ArgumentParser
import HoneCatalog

/// `hone model promote`: serves a checkpoint that passed its gate; the database refuses any other.
struct ModelPromote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Serves a checkpoint that has passed its gate.",
        discussion: """
            EXAMPLES
              hone model promote tiny --checkpoint 12
            """)

    @Argument(help: "The model's name.")
    var name: String

    @Option(help: "The checkpoint's id; 'hone model show' lists them.")
    var checkpoint: Int64

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        _ = try await options.withDatabase { try await Promotions.promote(checkpoint, of: name, in: $0) }
        let active = ActiveCheckpoint(model: name, checkpoint: checkpoint)
        try options.console.emit(active, text: active.text)
    }
}
