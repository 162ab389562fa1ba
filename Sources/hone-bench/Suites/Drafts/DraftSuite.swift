import ArgumentParser
import HoneModel
import HoneTensor

/// What drafts of the next tokens bring where answers copy from their prompts, and cost where there is nothing to copy.
struct DraftSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drafts",
        abstract: "Tokens per second with drafts by what followed the same tokens before, and without.",
        discussion: """
            The weights are random: a format holds the copying answers to what they are to be, all else is computed as
            it always is. Both sides answer the same to the bit, which is checked.

              hone-bench drafts --models 5m,125m --batches 1,4 --json
            """)

    @Option(help: "Shapes by commas: 5m, 125m.") var models = "5m,125m"
    @Option(help: "Rows that are decoded together, by commas.") var batches = "1,4"
    @Option(help: "Bits of the weights: 32, 16, 8 or 4.") var bits = 32
    @Option(help: "Rows of a step that drafts fill up.") var rows = 8
    @Option(help: "Threads inside one step.") var threads = 2
    @Option(help: "Runs of each side, taken in turn; medians count.") var runs = 5
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    static let vocabularySize = 32_000

    private static let shapes: [String: ModelConfiguration] = [
        "5m": ModelConfiguration(
            vocabularySize: vocabularySize, hiddenSize: 128, intermediateSize: 352, layerCount: 4, headCount: 4,
            maxPositionCount: 512, tiesEmbeddings: true),
        "125m": ModelConfiguration(
            vocabularySize: vocabularySize, hiddenSize: 768, intermediateSize: 2048, layerCount: 12, headCount: 12,
            kvHeadCount: 4, maxPositionCount: 512, tiesEmbeddings: false),
    ]

    private var shapeNames: [String] { models.split(separator: ",").map(String.init) }
    private var batchSizes: [Int] { batches.split(separator: ",").compactMap { Int($0) } }

    func validate() throws {
        guard shapeNames.allSatisfy({ Self.shapes[$0] != nil }), !batchSizes.isEmpty, runs > 0,
            rows >= 0, LayerPrecision(rawValue: bits) != nil
        else {
            throw ValidationError(
                "--models knows 5m and 125m, --bits 32, 16, 8 and 4; --batches are numbers, --runs is from 1 up")
        }
    }

    func run() async throws {
        Threads.set(intraOp: threads)
        var report: [SuiteReport.Row] = []
        for (name, batch) in shapeNames.flatMap({ name in batchSizes.map { (name, $0) } }) {
            guard let shape = Self.shapes[name], let precision = LayerPrecision(rawValue: bits) else { continue }
            for task in DraftMeasurement.Task.allCases {
                let measurement = DraftMeasurement(shape, precision, task, batch: batch, draftedRowCount: rows)
                let isExact = try measurement.isExact()
                var (drafted, plain, perStep): ([Double], [Double], [Double]) = ([], [], [])
                for _ in 0..<runs {
                    let run = try measurement.run(drafts: true)
                    drafted.append(run.rate)
                    perStep.append(run.tokensPerStep)
                    plain.append(try measurement.run(drafts: false).rate)
                }
                let label = "\(name), \(bits) bits, batch \(batch), \(task.rawValue)"
                report.append(
                    SuiteReport.Row(
                        name: label, unit: "tokens/s", sample: Sample(drafted),
                        beside: .init(name: "no drafts", sample: Sample(plain))))
                report.append(
                    SuiteReport.Row(
                        name: "tokens a step, \(label)", unit: "tokens", sample: Sample(perStep), beside: nil))
                report.append(
                    SuiteReport.Row(
                        name: "answers that differ, \(label)", unit: "runs", sample: Sample([isExact ? 0 : 1]),
                        beside: nil))
            }
        }
        try SuiteReport(suite: "drafts", rows: report, absent: []).show(asJSON: json)
    }
}
