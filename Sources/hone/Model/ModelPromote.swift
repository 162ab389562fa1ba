import ArgumentParser
import HonePostgres

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
        try await options.withDatabase { connection in
            _ = try await connection.query("SELECT hone.promote(\(name)::text, \(checkpoint))")
        }
        let active = ActiveCheckpoint(model: name, checkpoint: checkpoint)
        try options.console.emit(active, text: active.text)
    }
}
