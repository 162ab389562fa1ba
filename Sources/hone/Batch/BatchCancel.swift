import ArgumentParser
import HonePostgres

/// `hone batch cancel`: what has not ended of a batch is not done.
struct BatchCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancels the requests of a batch that have not ended.",
        discussion: """
            EXAMPLES
              hone batch cancel 7
            """)

    @Argument(help: "The batch's id.")
    var id: Int64

    @OptionGroup var options: GlobalOptions

    private struct Cancelled: Encodable {
        let batch: Int64
        let cancelled: Int64
    }

    func run() async throws {
        let count: Int64 = try await options.withDatabase { connection in
            try await connection.query("SELECT hone.cancel_batch(\(id)) AS cancelled")[0].decode("cancelled")
        }
        try options.console.emit(Cancelled(batch: id, cancelled: count), text: "\(count) requests cancelled")
    }
}
