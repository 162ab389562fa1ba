import ArgumentParser
import HoneCatalog
import HoneFeedback

/// `hone label corrections`: corrected answers as examples.
struct LabelCorrections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corrections",
        abstract: "Adds corrected answers to a dataset as examples, each with the label it comes from.",
        discussion: """
            EXAMPLES
              hone label corrections --dataset corrections
              hone label corrections --dataset corrections --split validation --json
            """)

    @Option(help: "The dataset; it is made if there is none of that name.")
    var dataset: String

    @Option(help: "The split of the examples.")
    var split = "train"

    @Option(help: "Whose corrections.")
    var source = LabelSource.person

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let report = try await options.withPool { pool in
            try await Corrections.ingest(source, into: dataset, split: split, using: pool)
        }
        try options.console.emit(
            report, text: "\(report.addedCount) of \(report.readCount) corrections are new in dataset \(dataset)")
    }
}
