import ArgumentParser
import Foundation
import HoneTraining

/// What a model keeps of earlier tasks while it learns new ones.
struct ContinualSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "continual",
        abstract: "Tasks in sequence: accuracy on each after each, forgetting, backward transfer, plasticity.",
        discussion: """
            Each task's training goes on from the model before and may look at the old tasks' training questions. "Solo"
            is a model that was trained on the one task alone, from random weights, for --steps steps.

              hone-bench continual --seeds 3
              hone-bench continual --methods self-answers --methods plain --json
            """)

    @Option(help: "Seeds, from 1 up.") var seeds = 1
    @Option(help: "The first seed.") var firstSeed: UInt64 = 1
    @Option(help: "How many of the tasks, 2 to \(ContinualTask.allCases.count).") var tasks = 5
    @Option(help: "Which methods; all of them if left out.", transform: Self.method) var methods: [ContinualMethod] = []
    @Option(help: "Steps of a training from random weights.") var steps = 600
    @Option(help: "Training questions of a task.") var train = 6000
    @Option(help: "Held-out questions of a task.") var test = 1000
    @Option(help: "Old questions that a training may look at, of all old tasks together.") var old = 24_000
    @Option(help: "The later trainings' train.sft configuration as JSON, if it is to be another.")
    var settings: String?
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    private static func method(_ name: String) throws -> ContinualMethod {
        guard let method = ContinualMethod(rawValue: name) else {
            let known = ContinualMethod.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("'\(name)' is no method; there are \(known)")
        }
        return method
    }

    func validate() throws {
        for (name, value) in [("--seeds", seeds), ("--steps", steps), ("--train", train), ("--test", test)]
        where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
        guard (2...ContinualTask.allCases.count).contains(tasks) else {
            throw ValidationError("--tasks \(tasks): give a number from 2 to \(ContinualTask.allCases.count)")
        }
        if max(train, test) > 7000 { throw ValidationError("a task has 7000 questions of either kind at most") }
        if old < tasks { throw ValidationError("--old \(old): give at least one a task") }
    }

    func run() async throws {
        let given = try settings.map { try JSONDecoder().decode(SFTConfiguration.self, from: Data($0.utf8)) }
        var report = ContinualReport(tasks: Array(ContinualTask.allCases.prefix(tasks)))
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            let measurement = ContinualMeasurement(
                tasks: report.tasks, seed: seed, steps: steps, trainCount: train, testCount: test, oldCount: old,
                continued: given ?? ContinualMeasurement.continued)
            report.solo.append(try await measurement.solo())
            for method in methods.isEmpty ? ContinualMethod.allCases : methods {
                report.add(try await measurement.run(method), of: method)
            }
        }
        try report.show(asJSON: json)
    }
}
