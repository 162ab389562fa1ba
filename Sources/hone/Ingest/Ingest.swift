import ArgumentParser
import Foundation
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
              hone ingest problems.jsonl --dataset mine --split heldout

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

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let outcome = try await options.withDatabase { connection in
            try await connection.withTransaction { transaction in try await send(to: transaction) }
        }
        try options.console.emit(outcome, text: outcome.text)
    }

    private func send(to connection: PostgresConnection) async throws -> IngestOutcome {
        var reader = try ExampleReader(file: URL(filePath: file), format: format, split: split)
        var progress = ProgressLine(isSilent: options.json)
        var outcome = IngestOutcome(dataset: dataset, format: reader.format.rawValue)
        var block: [PostgresJSON] = []
        while true {
            let example = try reader.next()
            if let example { block.append(try PostgresJSON(encoding: example)) }
            if block.count == blockCount || example == nil, !block.isEmpty {
                outcome.read += block.count
                outcome.added += try await add(block, to: connection)
                block.removeAll(keepingCapacity: true)
                progress.show("\(outcome.read) problems read")
            }
            if example == nil { return outcome }
        }
    }

    private func add(_ block: [PostgresJSON], to connection: PostgresConnection) async throws -> Int {
        let rows = try await connection.query("SELECT hone.ingest(\(dataset)::text, \(block)) AS added")
        return Int(try rows[0].decode("added", as: Int64.self))
    }
}

private let formats = DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")

private func format(named name: String) throws -> DatasetFormat {
    guard let format = DatasetFormat(rawValue: name) else {
        throw ValidationError("There is no format '\(name)'; the formats are \(formats).")
    }
    return format
}

/// Examples sent in one statement, which bounds memory on both sides.
private let blockCount = 1_000

private struct IngestOutcome: Encodable {
    let dataset: String
    let format: String
    var read = 0
    var added = 0

    var text: String {
        "\(added) of \(read) problems (\(format)) are new in dataset \(dataset)"
    }
}
