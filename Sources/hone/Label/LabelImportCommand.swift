import ArgumentParser
import Foundation
import HoneFeedback

/// `hone label import`: published labels into the database.
struct LabelImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Reads a file of published labels, all of it or nothing.",
        discussion: """
            EXAMPLES
              hone label import phase2_train.jsonl --format prm800k
              hone label import test_p1_circular.jsonl --format prmbench
              hone label import example_model_solutions.jsonl --format gsm8k-solutions
              gunzip -k test.jsonl.gz && hone label import test.jsonl --format hh-rlhf
              hone label export | hone label import /dev/stdin --format hone --origin copy

            Labels that are there already are passed over. A bad row is named by its line. Judgements that a program
            made count as simulated (PRMBench's planted errors) or as a verifier's (GSM8K's answer check), never as
            people's.
            """)

    @Argument(help: "The file, in JSON lines; unpack a compressed one first.", completion: .file())
    var file: String

    @Option(help: "Its form: \(LabelFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: LabelFormat

    @Option(help: "The name under which the labels are kept (default: the format's).")
    var origin: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        var progress = ProgressLine(isSilent: options.json)
        let report = try await options.withPool { pool in
            try await LabelImport.run(file: URL(filePath: file), format: format, origin: origin, using: pool) {
                progress.show("\($0.rowCount) rows read")
            }
        }
        var text = "\(report.addedCount) of \(report.labelCount) labels in \(report.rowCount) rows are new"
        if report.emptyRowCount > 0 { text += "; \(report.emptyRowCount) rows say nothing that counts" }
        try options.console.emit(report, text: text)
    }
}
