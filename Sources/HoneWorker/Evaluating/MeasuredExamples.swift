import Foundation
import HoneCatalog
import HoneDatasets
public import HoneEvaluation
public import HonePostgres

/// Examples that a model is measured on outside the queue.
public struct MeasuredExamples: Sendable {
    private let examples: [CutExample]

    /// The first examples of a file.
    public init(file: String, limit: Int?) throws {
        var reader = try ExampleReader(file: URL(filePath: file))
        var examples: [CutExample] = []
        while examples.count < limit ?? .max, let example = try reader.next() {
            examples.append(CutExample(example, ordinal: examples.count))
        }
        self.examples = examples
    }

    /// The first examples of a dataset's split.
    public init(dataset: String, split: String, limit: Int?, from session: any PostgresSession) async throws {
        let cut = try await DataCut.take(dataset: dataset, split: split, from: session)
        examples = try await cut.examples(CutSelection(limit: limit), from: session)
    }

    public func measure(_ model: LoadedModel, maximumNewTokens: Int) async throws -> EvaluationReport {
        try await CheckpointEvaluation(of: examples, with: model, maximumNewTokens: maximumNewTokens) { _ in }
            .evaluation.report
    }

    /// The report for people.
    public static func table(_ report: EvaluationReport) -> String {
        func line(_ name: String, _ share: Proportion) -> String {
            let percent = [share.value, share.lower, share.upper].map { String(format: "%5.1f %%", $0 * 100) }
            return name.padding(toLength: 14, withPad: " ", startingAt: 0)
                + "\(percent[0])   (95 %: \(percent[1]) to \(percent[2]); \(share.successCount) of \(share.count))"
        }
        let levels = report.levels.sorted { $0.key < $1.key }.map { line("level \($0.key)", $0.value) }
        return
            ([line("right", report.accuracy)] + (report.levels.count > 1 ? levels : [])
            + [
                line("right, sound", report.sound), line("true steps", report.steps.valid),
                "speed".padding(toLength: 14, withPad: " ", startingAt: 0)
                    + String(
                        format: "%.1f examples/s, %.0f tokens/s", report.examplesPerSecond, report.tokens.perSecond),
            ]).joined(separator: "\n")
    }
}

extension CutExample {
    fileprivate init(_ example: Example, ordinal: Int) {
        self.init(
            id: Int64(ordinal), prompt: example.prompt, answer: example.answer, steps: example.steps,
            level: example.level)
    }
}
