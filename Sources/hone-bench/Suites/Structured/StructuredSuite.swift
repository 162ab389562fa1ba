import ArgumentParser
import Foundation
import HoneGrammar
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Answers held to formats: how many are valid, and what it costs beside the same generation without formats.
struct StructuredSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "structured",
        abstract: "Answers in formats: the share that is valid, and tokens per second beside free answers.",
        discussion: """
            The model's weights are random and tokens are drawn at temperature 1, so nothing but the format makes an \
            answer valid. Free answers are given the same lengths. A Python with jsonschema says what is valid.

              hone-bench structured --python ~/venv/bin/python --json
            """)

    @Option(help: "A Python that has jsonschema.") var python = "python3"
    @Option(help: "The folder of the peers' scripts.") var oracles = "Tests/Oracles"
    @Option(help: "Shapes by commas: 5m, 125m.") var models = "5m"
    @Option(help: "Requests of a run, over all formats in turn.") var requests = 1024
    @Option(help: "Rows that are decoded together.") var batch = 32
    @Option(help: "Threads inside one operator.") var threads = 2
    @Option(help: "Runs of each side, taken in turn; medians count.") var runs = 5
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    private static let shapes: [String: ModelConfiguration] = [
        "5m": ModelConfiguration(
            vocabularySize: WordPieces.size, hiddenSize: 128, intermediateSize: 352, layerCount: 4, headCount: 4,
            maxPositionCount: 512, tiesEmbeddings: true),
        "125m": ModelConfiguration(
            vocabularySize: WordPieces.size, hiddenSize: 768, intermediateSize: 2048, layerCount: 12, headCount: 12,
            kvHeadCount: 4, maxPositionCount: 512, tiesEmbeddings: false),
    ]

    private var shapeNames: [String] { models.split(separator: ",").map(String.init) }

    func validate() throws {
        guard shapeNames.allSatisfy({ Self.shapes[$0] != nil }), requests > 0, runs > 0, batch > 0 else {
            throw ValidationError("--models knows 5m and 125m; --requests, --runs and --batch are from 1 up")
        }
    }

    func run() async throws {
        var rows: [SuiteReport.Row] = []
        var absent: [String] = []
        for name in shapeNames {
            guard let shape = Self.shapes[name] else { continue }
            let measurement = try await StructuredMeasurement(
                shape, requestCount: requests, batch: batch, threads: threads)
            var (held, free): ([Double], [Double]) = ([], [])
            for _ in 0..<runs {
                held.append(try await measurement.tokensPerSecond(inFormats: true))
                free.append(try await measurement.tokensPerSecond(inFormats: false))
            }
            let costs = zip(held, free).map { 100 * (1 - $0 / $1) }
            let label = "\(name), \(WordPieces.size) tokens, batch \(batch), \(threads) thread(s)"
            rows.append(
                SuiteReport.Row(
                    name: "answers in formats, \(label)", unit: "tokens/s", sample: Sample(held),
                    beside: .init(name: "free answers", sample: Sample(free))))
            rows.append(
                SuiteReport.Row(name: "cost of formats, \(label)", unit: "%", sample: Sample(costs), beside: nil))
            rows.append(
                SuiteReport.Row(
                    name: "first run, nothing known of the formats, \(label)", unit: "tokens/s",
                    sample: Sample([measurement.firstRun]), beside: nil))
            rows.append(
                SuiteReport.Row(
                    name: "answers cut by the limit of tokens, of \(requests), \(name)", unit: "answers",
                    sample: Sample([Double(measurement.cutCount)]), beside: nil))
            switch await validCount(measurement.wholeAnswers) {
            case .success(let count):
                rows.append(
                    SuiteReport.Row(
                        name: "valid answers, \(name)", unit: "answers", sample: Sample([Double(count)]),
                        beside: .init(name: "whole answers", sample: Sample([Double(measurement.wholeAnswers.count)]))))
            case .failure(let reason): absent.append("\(reason)")
            }
        }
        try SuiteReport(suite: "structured", rows: rows, absent: absent).show(asJSON: json)
    }

    /// What jsonschema and `re` say of the answers.
    private func validCount(_ answers: [StructuredMeasurement.Answer]) async -> Result<Int, PeerOptions.PeerFault> {
        do {
            let file = FileManager.default.temporaryDirectory.appending(path: "hone-bench-\(UUID().uuidString).jsonl")
            let encoder = JSONEncoder()
            try Data(answers.flatMap { try encoder.encode($0) + [UInt8(ascii: "\n")] }).write(to: file)
            let run = try await Subprocess.run(
                python.contains("/") ? .path(FilePath(python)) : .name(python),
                arguments: Arguments(["\(oracles)/structured_check.py", file.path()]),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            try FileManager.default.removeItem(at: file)
            let line = run.standardOutput.split(separator: "\n").last
            guard run.terminationStatus.isSuccess, let count = line.flatMap({ Int($0) }) else {
                let reason = run.standardError.split(separator: "\n").last ?? "no output"
                return .failure(PeerOptions.PeerFault(description: "structured_check.py with \(python): \(reason)"))
            }
            return .success(count)
        } catch {
            return .failure(PeerOptions.PeerFault(description: "structured_check.py with \(python): \(error)"))
        }
    }
}
