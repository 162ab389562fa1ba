import ArgumentParser
import HoneBatch
import HonePostgres

/// `hone batch results`: the answers and the errors of a batch, one line a request.
struct BatchResultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Writes the answers of a batch to one file and its errors to another.",
        discussion: """
            EXAMPLES
              hone batch results 7 --out answers.jsonl --errors errors.jsonl

            What has ended is written, in the order of the batch's file. A file has its name when it is whole.
            """)

    @Argument(help: "The batch's id.")
    var id: Int64

    @Option(help: ArgumentHelp("The file of the answers.", valueName: "file"), completion: .file())
    var out: String

    @Option(help: ArgumentHelp("The file of the lines that failed.", valueName: "file"), completion: .file())
    var errors: String

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if out == errors { throw ValidationError("--out and --errors must be two files.") }
    }

    func run() async throws {
        let (count, status) = try await options.withDatabase { connection in
            (try await write(from: connection), try await BatchResults.status(of: id, in: connection))
        }
        let rest = status.first.map { $0.total - $0.completed - $0.failed } ?? 0
        if rest > 0 { options.console.note("\(rest) requests have not ended yet; run this again then") }
        try options.console.emit(count, text: "\(count.completed) answers, \(count.failed) errors")
    }

    private func write(from connection: PostgresConnection) async throws -> BatchResults.Count {
        var progress = ProgressLine(isSilent: options.json)
        return try await BatchResults(of: id, out: out, errors: errors).write(from: connection) {
            progress.show("\($0.completed + $0.failed) lines written")
        }
    }
}
