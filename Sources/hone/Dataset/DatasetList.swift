import ArgumentParser
import Foundation
import HoneCatalog

/// `hone dataset list`: every dataset with its size.
struct DatasetList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the datasets and how many examples they hold.",
        discussion: """
            EXAMPLES
              hone dataset list
              hone dataset list --json
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let datasets = try await options.withDatabase { try await Datasets.list(in: $0) }
        try options.console.emit(
            datasets,
            columns: [
                Column("DATASET") { $0.name }, Column("EXAMPLES", isNumber: true) { String($0.exampleCount) },
                Column("SPLITS") { $0.splits.map { "\($0.split) \($0.exampleCount)" }.joined(separator: ", ") },
                Column("CREATED") { $0.createdAt.ISO8601Format().clockTime },
            ],
            none: "no datasets yet; 'hone ingest FILE --dataset NAME' makes one")
    }
}
