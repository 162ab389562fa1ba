import ArgumentParser
import HoneBatch

/// `hone batch status`: how far a batch is.
struct BatchStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Says how far a batch is: lines in all, answered and failed.",
        discussion: """
            EXAMPLES
              hone batch status 7
              hone batch status 7 --json

            Its states are those of the OpenAI API: validating, in_progress, completed, cancelling, cancelled.
            """)

    @Argument(help: "The batch's id.")
    var id: Int64

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let found = try await options.withDatabase { connection in
            try await BatchResults.status(of: id, in: connection)
        }
        guard let status = found.first else { throw BatchError.unknown(batch: id) }
        try options.console.emit(status, text: status.sentence)
    }
}

extension BatchResults.Status {
    fileprivate var sentence: String {
        "\(status): \(completed) of \(total) answered, \(failed) failed, \(total - completed - failed) to come"
    }
}
