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
    @Option(help: "Steps of a training from random weights.") var steps = 1500
    @Option(help: "Training questions of a task.") var train = 6000
    @Option(help: "Held-out questions of a task.") var test = 1500
    @Option(help: "Old questions that a training may look at, of all old tasks together.") var old = 24_000
    @Option(help: "A later training's train.sft configuration as JSON; the last one given holds for all that follow.")
    var settings: [String] = []
    @Flag(help: "Print every fiftieth step as JSON.") var verbose = false
    @Option(help: "Keeps every trained model; a later call trains only what is not there.") var folder: String?
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
        if train > 7000 { throw ValidationError("--train \(train): a task has 7000 training questions at most") }
        if test > 1800 { throw ValidationError("--test \(test): a task has 1800 held-out questions at most") }
        if old < tasks { throw ValidationError("--old \(old): give at least one a task") }
    }

    func run() async throws {
        if let folder { return try await measure(in: folder) }
        let folder = FileManager.default.temporaryDirectory.path + "/hone-bench-\(UUID().uuidString)"
        defer { removeFolder(folder) }
        try await measure(in: folder)
    }

    private func measure(in folder: String) async throws {
        let given = try settings.map { try JSONDecoder().decode(SFTConfiguration.self, from: Data($0.utf8)) }
        var report = ContinualReport(
            tasks: Array(ContinualTask.allCases.prefix(tasks)), firstSeed: firstSeed)
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            let measurement = ContinualMeasurement(
                tasks: report.tasks, seed: seed, steps: steps, trainCount: train, testCount: test, oldCount: old,
                continued: given.isEmpty ? [ContinualMeasurement.continued] : given, verbose: verbose, folder: folder)
            report.solo.append(try await measurement.solo())
            for method in methods.isEmpty ? ContinualMethod.allCases : methods {
                report.add(try await measurement.run(method), of: method)
            }
        }
        try report.show(asJSON: json)
    }
}
