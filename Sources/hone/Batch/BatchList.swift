import ArgumentParser
import HoneBatch

/// `hone batch list`: the batches, the newest first.
struct BatchList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists batches, the newest first.",
        discussion: """
            EXAMPLES
              hone batch list
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let batches = try await options.withDatabase { connection in try await BatchResults.status(in: connection) }
        try options.console.emit(
            batches,
            columns: [
                Column("ID") { "\($0.id)" }, Column("STATUS") { $0.status }, Column("LINES") { "\($0.total)" },
                Column("ANSWERED") { "\($0.completed)" }, Column("FAILED") { "\($0.failed)" },
                Column("QUEUE") { $0.queue }, Column("FILE") { $0.file },
            ], none: "no batches yet; 'hone batch submit FILE' makes one")
    }
}
