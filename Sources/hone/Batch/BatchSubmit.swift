import ArgumentParser
import HoneBatch
import HonePostgres

/// `hone batch submit`: a file's lines become jobs, all of the good ones or none.
struct BatchSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Enqueues the requests of a file and prints the batch's id.",
        discussion: """
            EXAMPLES
              hone batch submit requests.jsonl
              hone batch submit requests.jsonl --model tiny --queue night --priority 10

            A line is {"custom_id", "method": "POST", "url", "body"}; the url is /v1/completions or
            /v1/chat/completions. A bad line fails alone: 'hone batch results' writes it to the error file. A submit
            that was interrupted goes on where it was when it is run again; a file that was submitted is not submitted
            twice, unless --again says so.
            """)

    @Argument(help: "The file.", completion: .file())
    var file: String

    @Option(help: "Answers in the place of the models that the lines name.")
    var model: String?

    @Option(help: "The queue of the jobs.")
    var queue = "default"

    @Option(help: "Smaller runs first.")
    var priority: Int32 = 0

    @Flag(help: "Submit a file once more that was submitted before.")
    var again = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let submission = BatchSubmission(
            path: file, model: model, queue: queue, priority: priority, isAgain: again)
        let receipt = try await options.withDatabase { connection in
            try await submit(submission, on: connection)
        }
        if !receipt.isNew {
            options.console.note("this file was submitted before; --again submits it once more")
        }
        if receipt.faults > 0 {
            options.console.note("\(receipt.faults) lines are no requests; 'hone batch results' says why")
        }
        try options.console.emit(receipt, text: String(receipt.batch))
    }

    private func submit(
        _ submission: BatchSubmission, on connection: PostgresConnection
    ) async throws -> BatchSubmission.Receipt {
        var progress = ProgressLine(isSilent: options.json)
        return try await submission.run(on: connection) { progress.show("\($0) lines read") }
    }
}
