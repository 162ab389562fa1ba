import ArgumentParser
import Foundation
import HonePostgres
import HoneWorker

/// `hone-worker export`: writes a checkpoint as a Hugging Face directory, for `hone model export`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a checkpoint as a directory that transformers loads.",
        discussion: """
            Without an id it is what the model serves, else its newest checkpoint.

            EXAMPLES
              hone model export tiny ./tiny-directory
              hone model export tiny@12 ./tiny-12 --json
            """)

    @Argument(help: ArgumentHelp("The model, and the checkpoint's id.", valueName: "name[@id]"))
    var model: String

    @Argument(help: ArgumentHelp("The directory, new or empty.", valueName: "directory"))
    var directory: String

    @Option(name: .customLong("database-url"), help: ArgumentHelp("The catalog's database.", valueName: "url"))
    var databaseURL: String?

    @Flag(help: "Write a quantized checkpoint in 32 bits, with the weights that its fewer bits stand for.")
    var dequantize = false

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Line: Encodable {
        let model: String
        let checkpoint: Int64
        let directory: String
        let files: [String]
    }

    func run() async throws {
        let parts = model.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let number = parts.count == 2 ? Int64(parts[1]) : nil
        guard parts.count == 1 || number != nil else {
            throw ValidationError("'\(model)' is no NAME or NAME@CHECKPOINT.")
        }
        let pool = try Surroundings.pool(databaseURL: databaseURL, connectionCount: 1)
        defer { pool.close() }
        let written = try await ModelExport(session: pool, store: Surroundings.artifacts()).run(
            parts[0], checkpoint: number, to: directory, dequantizing: dequantize)
        if json {
            let line = Line(
                model: parts[0], checkpoint: written.checkpoint, directory: directory, files: written.files)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(line), as: UTF8.self))
        } else {
            print("checkpoint \(written.checkpoint) of model \(parts[0]) is in \(directory)")
        }
    }
}
