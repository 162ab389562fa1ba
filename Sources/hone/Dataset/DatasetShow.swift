import ArgumentParser
import Foundation
import HoneCatalog

/// `hone dataset show`: what a dataset is made of.
struct DatasetShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a dataset split by split.",
        discussion: """
            EXAMPLES
              hone dataset show svamp
              hone dataset show svamp --json
            """)

    @Argument(help: "The dataset's name.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let dataset = try await options.withDatabase { try await Datasets.summary(of: name, in: $0) }
        try options.console.emit(
            dataset.splits,
            columns: [
                Column("SPLIT") { $0.split }, Column("EXAMPLES", isNumber: true) { String($0.exampleCount) },
                Column("WITH STEPS", isNumber: true) { String($0.withStepsCount) },
                Column("LATEST") { $0.latestArrival.ISO8601Format().clockTime },
            ],
            none: "dataset \(name) is empty")
    }
}
