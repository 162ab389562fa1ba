import ArgumentParser
import HonePostgres

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
        let earlier: Int64 = try await options.withDatabase { connection in
            try await connection.query("SELECT hone.rollback(\(name)::text) AS earlier")[0].decode("earlier")
        }
        let active = ActiveCheckpoint(model: name, checkpoint: earlier)
        try options.console.emit(active, text: active.text)
    }
}
