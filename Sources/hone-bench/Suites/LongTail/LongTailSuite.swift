import ArgumentParser
import Foundation
import HoneTraining

/// What a model learns of the rare forms of questions, with and without drawing them more often.
struct LongTailSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "long-tail",
        abstract: "Twelve forms of questions by Zipf's law: accuracy on common and rare ones by how they are drawn.",
        discussion: """
            The form of rank k has a share of the questions that goes with k^-1.6. Both runs of a seed have the same
            questions, first weights and number of steps.

              hone-bench long-tail --seeds 3
              hone-bench long-tail --rare '{"exponent": 1, "most_copies": 16}' --json
            """)

    @Option(help: "Seeds, from 1 up.") var seeds = 1
    @Option(help: "The first seed.") var firstSeed: UInt64 = 1
    @Option(help: "Steps of a training.") var steps = 900
    @Option(help: "Training questions, of all forms together.") var train = 16_000
    @Option(help: "Held-out questions of a form.") var test = 500
    @Option(help: "The \"rare_shapes\" of the training that has them, as JSON.") var rare = "{}"
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    func validate() throws {
        for (name, value) in [("--seeds", seeds), ("--steps", steps), ("--test", test)] where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
        if test > 800 { throw ValidationError("--test \(test): a form has 800 held-out questions at most") }
        guard (100...16_000).contains(train) else {
            throw ValidationError("--train \(train): give a number from 100 to 16000")
        }
    }

    /// Accuracies by form.
    private struct Outcome {
        let accuracies: [Double]

        func mean(_ forms: Range<Int>) -> Double { accuracies[forms].reduce(0, +) / Double(forms.count) }

        var byFrequency: Double { zip(accuracies, LongTailSuite.shares).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    /// Of the questions, by form; they add up to 1.
    private static let shares: [Double] = {
        let weights = LongTailForm.allCases.indices.map { pow(Double($0 + 1), -1.6) }
        let whole = weights.reduce(0, +)
        return weights.map { $0 / whole }
    }()

    func run() async throws {
        let rareShapes = try JSONDecoder().decode(RareShapes.self, from: Data(rare.utf8))
        var outcomes: [(name: String, seeds: [Outcome])] = [("as they come", []), ("rare ones more often", [])]
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            let examples = try questions(seed: seed)
            for (place, setting) in [nil, rareShapes].enumerated() {
                outcomes[place].seeds.append(try await measure(examples, setting, seed: seed))
            }
        }
        let rows = outcomes.flatMap { found($0.name, $0.seeds) }
        let report = SuiteReport(suite: "long-tail", rows: rows, absent: [])
        try report.show(asJSON: json)
    }

    /// By Zipf's law, the forms one after the other.
    private func questions(seed: UInt64) throws -> [TrainingExample] {
        var examples: [TrainingExample] = []
        for (form, share) in zip(LongTailForm.allCases, Self.shares) {
            examples += try form.questions(max(1, Int(Double(train) * share)), heldOut: false, seed: seed)
        }
        return examples
    }

    private func measure(_ examples: [TrainingExample], _ rareShapes: RareShapes?, seed: UInt64) async throws -> Outcome
    {
        let folder = FileManager.default.temporaryDirectory.path + "/hone-bench-\(UUID().uuidString)"
        defer { removeFolder(folder) }
        var settings = SmallModel.training(steps: steps)
        settings.seed = seed
        settings.rareShapes = rareShapes
        let session = try await TrainingSession.start(settings, examples: examples, tokenizer: SmallModel.tokenizer)
        try await session.run(checkpointsIn: folder)
        var accuracies: [Double] = []
        for form in LongTailForm.allCases {
            let heldOut = try form.questions(test, heldOut: true, seed: seed)
            accuracies.append(
                try await SmallModel.accuracy(of: Checkpoint.path(root: folder, step: steps), on: heldOut))
        }
        return Outcome(accuracies: accuracies)
    }

    private func found(_ name: String, _ seeds: [Outcome]) -> [SuiteReport.Row] {
        let count = LongTailForm.allCases.count
        func row(_ what: String, _ value: (Outcome) -> Double) -> SuiteReport.Row {
            SuiteReport.Row(
                name: "\(name): \(what)", unit: "%", sample: Sample(seeds.map { 100 * value($0) }), beside: nil)
        }
        return [
            row("by frequency") { $0.byFrequency },
            row("mean of the forms") { $0.mean(0..<count) },
            row("the commonest half") { $0.mean(0..<count / 2) },
            row("the rarest half") { $0.mean(count / 2..<count) },
            row("the worst form") { $0.accuracies.min() ?? 0 },
        ]
    }
}
