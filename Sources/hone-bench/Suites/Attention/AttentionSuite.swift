import ArgumentParser
import Foundation
import HoneModel
import HonePlots
import HoneTensor

/// Full, sliding and hierarchical attention: time and memory by length, bytes of the cache, and what models learn.
struct AttentionSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attention",
        abstract: "Full, sliding and hierarchical attention: time and memory from 1k to 32k tokens, and accuracy.",
        discussion: """
              hone-bench attention --figure docs/attention.svg
              hone-bench attention --accuracy --first-seed 11 --seeds 3

            A figure is of a forward and backward pass over one sequence, in a process of its own.
            """)

    @Option(help: "Tokens of the sequences, with commas.") var lengths = "1024,2048,4096,8192,16384,32768"
    @Option(help: "Tokens of a window.") var window = 32
    @Option(help: "Tokens of a block.") var block = 16
    @Option(help: "Threads inside one operator.") var threads = 1
    @Option(help: "Runs per figure, of up to 8,192 tokens; of more there is one.") var runs = 3
    @Option(help: "Longest sequence of the whole model.") var longestModel = 8192
    @Option(help: "An SVG file to draw time and memory in.") var figure: String?
    @Flag(help: "What models learn of long chains, in the place of time and memory.") var accuracy = false
    @OptionGroup var learning: AttentionLearningOptions
    @Flag(help: "One JSON object instead of a table.") var json = false
    @Option(help: ArgumentHelp("One measurement, as JSON.", visibility: .hidden)) var one: String?

    private static let longestRepeated = 8192

    private var tokenCounts: [Int] { lengths.split(separator: ",").compactMap { Int($0) } }

    func validate() throws {
        for (name, value) in [
            ("--window", window), ("--block", block), ("--threads", threads), ("--runs", runs),
            ("--seeds", learning.seeds), ("--steps", learning.steps), ("--batch", learning.batch),
            ("--variables", learning.variables), ("--addends", learning.addends), ("--width", learning.width),
        ] where value < 1 { throw ValidationError("\(name) \(value): give a number from 1 up") }
        guard learning.lines > learning.variables, learning.addends <= 10, learning.width.isMultiple(of: 8) else {
            throw ValidationError("--lines, --addends, --width: more lines than variables, up to 10, a multiple of 8")
        }
        guard block <= window else { throw ValidationError("--block \(block): longer than the window of \(window)") }
        guard !tokenCounts.isEmpty, tokenCounts.allSatisfy({ $0 > 0 }),
            tokenCounts.count == lengths.split(separator: ",").count
        else { throw ValidationError("--lengths \(lengths): give numbers with commas between them") }
    }

    func run() async throws {
        if let one {
            let measurement = try JSONDecoder().decode(AttentionMeasurement.self, from: Data(one.utf8))
            return try printJSONLine(try measurement.run())
        }
        if accuracy {
            return try AttentionLearning(options: learning, window: window, block: block, threads: threads).report()
                .show(asJSON: json)
        }
        let results = try await AttentionResults(measure())
        if let figure { try results.figure.svg().write(toFile: figure, atomically: true, encoding: .utf8) }
        try SuiteReport(suite: "attention", rows: results.rows + cacheRows, absent: []).show(asJSON: json)
    }

    private func measure() async throws -> [(AttentionMeasurement, AttentionMeasurement.Finding)] {
        var found: [(AttentionMeasurement, AttentionMeasurement.Finding)] = []
        for part in AttentionMeasurement.Part.allCases {
            for length in tokenCounts where part == .layer || length <= longestModel {
                for kind in AttentionMeasurement.Kind.allCases {
                    if kind == .libtorch, part == .model { continue }
                    let one = AttentionMeasurement(
                        part: part, kind: kind, length: length, window: window, block: block, threads: threads,
                        runs: length > Self.longestRepeated ? 1 : runs)
                    found.append((one, try await one.measured()))
                }
            }
        }
        return found
    }

    /// Bytes of a cache for 1,024 tokens of the small model.
    private var cacheRows: [SuiteReport.Row] {
        let kinds: [(String, AttentionKind)] = [
            ("sliding", .sliding(window: window)),
            ("hierarchical", .hierarchical(window: window, block: block, selected: 0)),
            ("hierarchical, blocks of 4", .hierarchical(window: window, block: 4, selected: 0)),
        ]
        func kibibytes(_ kind: AttentionKind) -> Double {
            var shape = ModelSize.small.configuration
            shape.maxPositionCount = 1024
            shape.attention = [AttentionKind](repeating: kind, count: shape.layerCount)
            return Double(KVCache(shape, rowCapacity: 1, tokenCapacity: 1024).byteCount) / 1024
        }
        return kinds.map { name, kind in
            SuiteReport.Row(
                name: "cache of 1024 tokens, \(name)", unit: "KiB", sample: Sample([kibibytes(kind)]),
                beside: .init(name: "full", sample: Sample([kibibytes(.full)])))
        }
    }
}
