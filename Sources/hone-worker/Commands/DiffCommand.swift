import ArgumentParser
import Foundation
import HonePostgres
import HoneWorker

/// `hone-worker diff`: two models side by side, for `hone model diff`.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compares a model with its parent: size, speed, perplexity, right answers, layers.",
        discussion: """
            Without a dataset or a file only size and speed are compared.

            EXAMPLES
              hone model diff tiny@12 tiny@15 --dataset arithmetic --limit 2000
              hone model diff ./llama ./llama-int4 --json
            """)

    @Argument(help: ArgumentHelp("A directory, or NAME or NAME@CHECKPOINT.", valueName: "parent"))
    var parent: String

    @Argument(help: ArgumentHelp("What is compared with it.", valueName: "child"))
    var child: String

    @Option(help: ArgumentHelp("A dataset of the catalog.", valueName: "name"))
    var dataset: String?

    @Option(help: ArgumentHelp("The dataset's split.", valueName: "name"))
    var split = "test"

    @Option(help: ArgumentHelp("A file in one of the formats that 'hone ingest' reads.", valueName: "file"))
    var file: String?

    @Option(help: ArgumentHelp("Both models answer at most so many examples.", valueName: "count"))
    var limit = 1000

    @Option(help: ArgumentHelp("At most so many tokens per answer.", valueName: "count"))
    var maxNewTokens = 256

    @Option(help: ArgumentHelp("Threads inside one operator.", valueName: "count"))
    var threads = 1

    @Option(name: .customLong("database-url"), help: ArgumentHelp("The catalog's database.", valueName: "url"))
    var databaseURL: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if dataset != nil, file != nil { throw ValidationError("Name a --dataset or a --file, and not both.") }
        for (name, value) in [("--limit", limit), ("--max-new-tokens", maxNewTokens), ("--threads", threads)]
        where value < 1 {
            throw ValidationError("\(name) must be at least 1.")
        }
    }

    func run() async throws {
        let sources = try [parent, child].map { try ModelSource($0) }
        let pool = try Surroundings.pool(databaseURL: databaseURL, connectionCount: 1)
        defer { pool.close() }
        let data: QuantizationData =
            if let dataset {
                try await QuantizationData(measuring: dataset, split: split, limit: limit, from: pool)
            } else if let file {
                try QuantizationData(measuring: file, limit: limit)
            } else {
                .nothing
            }
        let needsCatalog = sources.contains(where: \.needsCatalog)
        let difference = try await ModelComparing(threads: threads, maximumNewTokens: maxNewTokens).run(
            sources[0].subject, sources[1].subject, data, pool: needsCatalog ? pool : nil,
            store: needsCatalog ? Surroundings.artifacts() : nil)
        guard json else {
            print(difference.text)
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(difference), as: UTF8.self))
    }
}
