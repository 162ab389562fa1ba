import ArgumentParser
import Foundation
import HoneTraining

/// What a model keeps of earlier tasks while it learns new ones.
struct ContinualSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "continual",
        abstract: "Tasks in sequence: accuracy on each after each, forgetting, backward transfer, plasticity.",
        discussion: """
            Each task's training goes on from the model before and is given the old tasks' prompts. "Solo" is a model
            that was trained on the one task alone, from random weights, for as many steps.

              hone-bench continual --seeds 3
              hone-bench continual --methods self-answers --methods plain --json
            """)

    @Option(help: "Seeds, from 1 up.") var seeds = 1
    @Option(help: "The first seed.") var firstSeed: UInt64 = 1
    @Option(help: "Tasks, of \(ContinualTask.allCases.count).") var tasks = 5
    @Option(help: "Only these tasks, in this order.", transform: Self.task) var only: [ContinualTask] = []
    @Option(help: "Which methods; all of them if left out.", transform: Self.method) var methods: [ContinualMethod] = []
    @Option(help: "Steps of a training.") var steps = 600
    @Option(help: "Training questions of a task.") var train = 6000
    @Option(help: "Held-out questions of a task.") var test = 1000
    @Option(help: "Old examples that a training is given, of all old tasks together.") var old = 4000
    @Option(help: "A train.sft configuration as JSON; keys that are left out have the suite's settings.")
    var settings = "{}"
    @Flag var noSolo = false
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    private static func task(_ name: String) throws -> ContinualTask {
        guard let task = ContinualTask(rawValue: name) else {
            throw ValidationError("'\(name)' is no task; there are \(ContinualTask.allCases.map(\.rawValue))")
        }
        return task
    }

    private static func method(_ name: String) throws -> ContinualMethod {
        guard let method = ContinualMethod(rawValue: name) else {
            throw ValidationError("'\(name)' is no method; there are \(ContinualMethod.allCases.map(\.rawValue))")
        }
        return method
    }

    func run() async throws {
        let overlay = try JSONDecoder().decode(SFTConfiguration.self, from: Data(settings.utf8))
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            let measurement = ContinualMeasurement(
                tasks: only.isEmpty ? Array(ContinualTask.allCases.prefix(tasks)) : only, seed: seed, steps: steps,
                trainCount: train, testCount: test, oldCount: old, continued: overlay)
            let started = ContinuousClock.now
            if !noSolo { print("solo", try await measurement.solo(), (ContinuousClock.now - started) / .seconds(1)) }
            for method in methods {
                let run = try await measurement.run(method)
                print(method, run.seconds)
                for row in run.matrix.rows { print(row) }
                let m = run.matrix
                print(m.finalAccuracy, m.backwardTransfer, m.forgetting, m.plasticity, m.largestLoss)
            }
        }
    }
}
