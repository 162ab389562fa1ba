import ArgumentParser
import HonePostgres

/// `hone jobs cancel`: cancels waiting jobs at once, running ones within a second.
struct JobsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels jobs: cancels waiting jobs at once, running ones within a second.",
        discussion: """
            EXAMPLES
              hone jobs cancel 42
              hone jobs cancel 42 43 44 --json
            """)

    @Argument(help: "The jobs' ids.")
    var ids: [Int64]

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withDatabase { connection in
            for id in ids {
                let rows = try await connection.query("SELECT hone.cancel(\(id)) AS done")
                let isDone = try rows[0].decode("done", as: Bool.self)
                try options.console.emit(
                    SteeredJob(id: id, done: isDone), text: "job \(id) \(isDone ? "cancelled" : "had ended already")")
            }
        }
    }
}
