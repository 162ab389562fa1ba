import ArgumentParser
import HoneDatasets
import HonePostgres

/// `hone dataset baseline`: what answering every problem with one and the same equation would get.
struct DatasetBaseline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline",
        abstract: "Measures the control: every problem answered with the most frequent equation.",
        discussion: """
            EXAMPLES
              hone dataset baseline svamp --split test
              hone dataset baseline svamp --fit mawps

            A model that stays below this control has learnt nothing about the problems.
            Without --fit the equation is the most frequent one of the measured problems
            themselves, which is the best that this control can do.
            """)

    @Argument(help: "The dataset's name.")
    var name: String

    @Option(help: "The split to measure (default: all).")
    var split: String?

    @Option(help: ArgumentHelp("Datasets whose train splits the equation is taken from.", valueName: "dataset"))
    var fit: [String] = []

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let (measured, fitted) = try await options.withDatabase { connection in
            let measured = try await Self.examples(of: name, split: split, on: connection)
            var fitted: [Example] = []
            for dataset in fit { fitted += try await Self.examples(of: dataset, split: "train", on: connection) }
            return (measured, fit.isEmpty ? measured : fitted)
        }
        guard let baseline = MajorityTemplateBaseline(fittedOn: fitted) else { throw CommandError.noEquations(name) }
        let report = BaselineReport(
            dataset: name, examples: measured.count, right: measured.count { baseline.isRight(on: $0) },
            equation: baseline.template.description)
        try options.console.emit(report, text: report.text)
    }

    private static func examples(
        of dataset: String, split: String?, on connection: PostgresConnection
    ) async throws -> [Example] {
        let rows = try await connection.query(
            """
            SELECT e.prompt, e.answer, ARRAY(SELECT jsonb_array_elements_text(e.steps)) AS steps, e.split
            FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
            WHERE d.name = \(dataset) AND (\(split)::text IS NULL OR e.split = \(split)::text)
            """)
        guard !rows.isEmpty else {
            throw CommandError.noSuchRow(noun: "dataset", name: split.map { "\(dataset), split \($0)" } ?? dataset)
        }
        return try rows.map { row in
            Example(
                prompt: try row.decode("prompt"), answer: try row.decode("answer"), steps: try row.decode("steps"),
                split: try row.decode("split"))
        }
    }
}

private struct BaselineReport: Encodable {
    let dataset: String
    let examples: Int
    let right: Int
    let equation: String

    var text: String {
        let percent = (Double(right) / Double(examples) * 1000).rounded() / 10
        return "\(percent) % right: \(right) of \(examples) problems of \(dataset), each answered with \(equation)"
    }
}
