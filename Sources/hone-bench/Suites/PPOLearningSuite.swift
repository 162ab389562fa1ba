import ArgumentParser
import Foundation
import HoneModel
import HoneProblems
import HoneTraining

/// Whether reinforcement learning learns: accuracy on held-out problems before and after, seed by seed.
struct PPOLearningSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ppo-learning",
        abstract: "Held-out accuracy before and after reinforcement learning with a verifier, and its seconds.",
        discussion: """
            Every seed trains a small model from nothing on generated problems, not to the end, and goes on with
            answers that the model samples itself, judged by the exact checker.

              hone-bench ppo-learning --seeds 3
              hone-bench ppo-learning --settings '{"steps": 60, "objective": {"advantage": "grpo"}}'
            """)

    @Option(help: "Seeds, from 1 up.") var seeds = 3
    @Option(help: "The first seed.") var firstSeed: UInt64 = 1
    @Option(help: "What is learnt: habits, product-sum or arithmetic.") var task = LearningTask.habits
    @Option(help: "Supervised steps before, on batches of 1024 tokens, from which it is a few more to about 42 %.")
    var supervisedSteps: Int?
    @Option(help: "Held-out problems.") var heldOut = 4000
    @Option(help: "A train.ppo configuration as JSON; keys that are left out have the suite's settings.")
    var settings = "{}"
    @Flag(help: "Settings that break a policy down, for the guard to stop: GRPO, 16 updates a batch, rate 3e-4.")
    var drill = false
    @Option(help: "A folder that keeps the supervised models for the next call.") var keep: String?
    @Flag(help: "Print every step's report as JSON.") var verbose = false
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    func run() async throws {
        let configuration = try LearningMeasurement.configuration(
            of: task, overlaid: drill ? LearningMeasurement.drill : settings)
        var results: [LearningMeasurement.Result] = []
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            let measurement = LearningMeasurement(
                seed: seed, task: task, supervisedSteps: supervisedSteps ?? task.supervision.steps,
                heldOutCount: heldOut, configuration: configuration, verbose: verbose)
            results.append(try await measurement.run(keepingModelsIn: keep))
        }
        func row(_ name: String, _ unit: String, _ value: (LearningMeasurement.Result) -> Double) -> SuiteReport.Row {
            SuiteReport.Row(name: name, unit: unit, sample: Sample(results.map(value)), beside: nil)
        }
        let report = SuiteReport(
            suite: "ppo-learning",
            rows: [
                row("held-out accuracy before", "%") { 100 * $0.before },
                row("held-out accuracy after", "%") { 100 * $0.after },
                row("gain", "points") { 100 * ($0.after - $0.before) },
                row("time", "s") { $0.seconds },
                row("answers sampled", "answers") { Double($0.answers) },
            ],
            absent: results.compactMap { $0.stopCause.map { "seed \($0.seed): \($0.cause)" } })
        try report.show(asJSON: json)
    }
}
