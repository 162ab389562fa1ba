import ArgumentParser
import Foundation
import HoneCatalog
import HoneDatasets
import HonePostgres

/// `hone ingest`: a file of problems into a dataset, all of it or nothing.
struct Ingest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a file of problems into a dataset; problems that it has already are passed over.",
        discussion: """
            EXAMPLES
              hone ingest svamp.json --dataset svamp
              hone ingest gsm8k/train.jsonl --dataset gsm8k
              hone ingest problems.jsonl --dataset mine --split validation
              hone ingest problems.jsonl --dataset mine --hold-out 5 --vary 10
              hone ingest train.csv --dataset reader --hold-out 10 --reword 8

            Formats: Hone's own JSON lines, GSM8K, SVAMP, MultiArith, ASDiv, MAWPS; told by the file's beginning.
            A bad row is named by its line, and then nothing of the file is ingested.
            """)

    @Argument(help: "The file.", completion: .file())
    var file: String

    @Option(help: "The dataset; it is made if there is none of that name.")
    var dataset: String

    @Option(help: "The file's format, if its beginning does not tell: \(formats).", transform: format(named:))
    var format: DatasetFormat?

    @Option(help: "The split of all rows, whatever the file says.")
    var split: String?

    @Option(
        name: .customLong("hold-out"),
        help: ArgumentHelp(
            """
            So many of a hundred questions go to the split 'heldout', to measure on; a question's text decides, so \
            the same one always goes the same way.
            """, valueName: "percent"))
    var heldOutPercent = 0

    @Option(
        name: .customLong("vary"),
        help: ArgumentHelp(
            """
            So many more examples of each that is not held out: the same words and the same equation with other \
            numbers, where the steps form one equation in whole numbers.
            """, valueName: "count"))
    var variationCount = 0

    @Option(
        name: .customLong("reword"),
        help: ArgumentHelp(
            """
            So many more examples of each that is not held out: the same story with numbers that do not count, or with \
            another of its numbers asked.
            """, valueName: "count"))
    var rewordingCount = 0

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (0..<100).contains(heldOutPercent) else {
            throw ValidationError("--hold-out \(heldOutPercent): give a percentage from 0 to 99.")
        }
        guard (0...1000).contains(variationCount) else {
            throw ValidationError("--vary \(variationCount): give a number from 0 to 1000.")
        }
        guard (0...1000).contains(rewordingCount) else {
            throw ValidationError("--reword \(rewordingCount): give a number from 0 to 1000.")
        }
    }

    func run() async throws {
        let pool = PostgresPool(
            configuration: try PostgresConfiguration(url: options.resolvedURL()), limits: .init(maximum: 1))
        defer { pool.close() }
        var progress = ProgressLine(isSilent: options.json)
        let reader = try ExampleReader(
            file: URL(filePath: file), format: format, split: split, heldOutPercent: heldOutPercent,
            variationCount: variationCount, rewordingCount: rewordingCount)
        let report = try await Datasets.ingest(reader, into: dataset, using: pool) { report in
            progress.show("\(report.readCount) problems read")
        }
        try options.console.emit(
            report, text: "\(report.addedCount) of \(report.readCount) problems are new in dataset \(dataset)")
    }
}

private let formats = DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")

private func format(named name: String) throws -> DatasetFormat {
    guard let format = DatasetFormat(rawValue: name) else {
        throw ValidationError("There is no format '\(name)'; the formats are \(formats).")
    }
    return format
}
