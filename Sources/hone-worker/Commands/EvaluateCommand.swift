import ArgumentParser
import Foundation
import HonePostgres
import HoneWorker

/// `hone-worker evaluate`: measures a model on a file or a dataset, without the queue.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measures a model on a dataset or a file: right answers, true steps, speed.",
        discussion: """
            EXAMPLES
              hone evaluate --model tiny --dataset arithmetic --split test --limit 500
              hone evaluate --model tiny --file SVAMP.json --json
            """)

    @OptionGroup var source: ModelOptions

    @Option(help: ArgumentHelp("A dataset of the catalog.", valueName: "name"))
    var dataset: String?

    @Option(help: ArgumentHelp("The dataset's split.", valueName: "name"))
    var split = "test"

    @Option(help: ArgumentHelp("A file in one of the formats that 'hone ingest' reads.", valueName: "file"))
    var file: String?

    @Option(help: ArgumentHelp("At most so many examples.", valueName: "count"))
    var limit: Int?

    @Option(help: ArgumentHelp("At most so many tokens per answer.", valueName: "count"))
    var maxNewTokens = 256

    @Flag(help: "Print the whole report as one JSON object.")
    var json = false

    func validate() throws {
        if (dataset == nil) == (file == nil) { throw ValidationError("Name a --dataset or a --file, and not both.") }
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
        if maxNewTokens < 1 { throw ValidationError("--max-new-tokens must be at least 1.") }
    }

    func run() async throws {
        let examples: MeasuredExamples
        if let file {
            examples = try MeasuredExamples(file: file, limit: limit)
        } else {
            let pool = try Surroundings.pool(databaseURL: source.databaseURL, connectionCount: 1)
            defer { pool.close() }
            examples = try await MeasuredExamples(dataset: dataset ?? "", split: split, limit: limit, from: pool)
        }
        let report = try await examples.measure(try await source.load(), maximumNewTokens: maxNewTokens)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            print(MeasuredExamples.table(report))
        }
    }
}
