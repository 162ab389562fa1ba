import ArgumentParser
import HoneFeedback

/// `hone label export`: labels as JSON lines.
struct LabelExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the labels that stand to standard output, one JSON object a line.",
        discussion: """
            EXAMPLES
              hone label export > labels.jsonl
              hone label export --kind preference --source verifier > pairs.jsonl

            'hone label import --format hone' reads them again.
            """)

    @Option(name: .customLong("kind"), help: "Only this kind; may be repeated.")
    var kinds: [LabelKind] = []

    @Option(help: "Whose labels.")
    var source = LabelSource.person

    @Option(help: "Only labels imported under this name.")
    var origin: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let count = try await options.withDatabase { connection in
            try await LabelExport.lines(
                of: kinds.isEmpty ? nil : kinds, source: source, origin: origin, from: connection
            ) { print($0) }
        }
        options.console.note("\(count) labels")
    }
}
