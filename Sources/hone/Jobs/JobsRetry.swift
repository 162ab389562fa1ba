import ArgumentParser
import HonePostgres

/// `hone jobs retry`: makes failed and cancelled jobs available again.
struct JobsRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Retries jobs: makes failed and cancelled jobs available again.",
        discussion: """
            EXAMPLES
              hone jobs retry 42
              hone jobs retry 42 43 44 --json
            """)

    @Argument(help: "The jobs' ids.")
    var ids: [Int64]

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withDatabase { connection in
            for id in ids {
                let rows = try await connection.query("SELECT hone.retry(\(id)) AS done")
                let isDone = try rows[0].decode("done", as: Bool.self)
                try options.console.emit(
                    SteeredJob(id: id, done: isDone),
                    text:
                        "job \(id) \(isDone ? "available again" : "was not one to retry: it has not failed")"
                )
            }
        }
    }
}
