import ArgumentParser
import HoneCatalog

/// `hone model rollback`: takes the last step back; running workers follow with their next jobs.
struct ModelRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Ends the canary if there is one, else serves the checkpoint before the active one again.",
        discussion: """
            EXAMPLES
              hone model rollback tiny
            """)

    @Argument(help: "The model's name.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let (before, now) = try await options.withDatabase { connection in
            (
                try await Checkpoints.active(name, in: connection).first,
                try await Promotions.rollBack(name, in: connection)
            )
        }
        if let canary = before?.canary {
            options.console.note("the canary, checkpoint \(canary.checkpoint), has ended")
        }
        let active = ActiveCheckpoint(model: name, checkpoint: now)
        try options.console.emit(active, text: active.text)
    }
}
