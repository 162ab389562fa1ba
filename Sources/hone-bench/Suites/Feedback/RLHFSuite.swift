import ArgumentParser
import Foundation
import HoneModel
import HonePlots
import HoneTraining

/// What labels are good for: reward models of simulated annotators, and policies that learn from them.
struct RLHFSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rlhf",
        abstract: "Reward models from noisy labels, and policies that learn from them, measured by the known utility.",
        discussion: """
            Every seed trains a small model on generated problems, lets it answer, has pairs of answers labelled by an
            annotator of known utility that errs at a known rate, and trains a reward model on them. Then a policy
            learns from that model alone, and the utility says whether its answers got better. A reward model of few
            labels shows where a policy should stop, and whether the watch does. A process reward model and an outcome
            one choose among sixteen answers.

              hone-bench rlhf --seeds 3
              hone-bench rlhf --parts reward,process --seeds 1 --verbose
            """)

    /// How much of everything.
    struct Sizes: ParsableArguments {
        @Option(help: "Layers of the policy.") var layers = 2
        @Option(help: "Supervised steps of the policy, on batches of 1024 tokens.") var supervisedSteps = 1000
        @Option(help: "Problems with worked solutions that the policy learns from.") var supervisedCount = 5000
        @Option(help: "Problems with worked solutions that reward models know, and that prompts are drawn from.")
        var problemCount = 10000
        @Option(help: "Problems whose answers are labelled.") var labelledCount = 3600
        @Option(help: "Held-out problems.") var heldOutCount = 500
        @Option(help: "Answers sampled to each labelled problem; pairs are half as many.") var answersPerPrompt = 8
        @Option(help: "The share of labels that are wrong.") var flipRate = 0.15
        @Option(help: "Pairs of the reward model that a policy learns to deceive.") var weakPairs = 200
        @Option(help: "Layers of the model that reward models start from.") var judgeLayers = 3
        @Option(help: "Supervised steps of the model that reward models start from.") var judgeSteps = 1000
        @Option(help: "Steps of the outcome reward model.") var rewardSteps = 150
        @Option(help: "Problems whose answers the models that choose among sixteen learn from.")
        var stepProblemCount = 50
        @Option(help: "Held-out problems whose answers they choose among.") var choosingCount = 300
        @Option(help: "Steps of the models that choose among sixteen.") var choosingSteps = 200
        @Option(help: "Learning rate of the outcome reward model.") var rewardRate = 0.0005
    }

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case reward, policy, process, watch
    }

    @Option(help: "Seeds, from 1 up.") var seeds = 3
    @Option(help: "The first seed.") var firstSeed: UInt64 = 1
    @Option(help: "What is measured, separated by commas.", transform: Self.parts) var parts = Part.allCases
    @OptionGroup var sizes: Sizes
    @Option(help: "Files of PRMBench; several are separated by commas. Measured from nothing, instead of the rest.")
    var prmbench: String?
    @Option(help: "GSM8K's file of model solutions. Measured from nothing, instead of the rest.")
    var gsm8kSolutions: String?
    @Option(help: "Steps of a training on published labels, of 2048 tokens each.") var publishedSteps = 1000
    @Option(help: "A train.ppo configuration as JSON; keys that are left out have the suite's settings.")
    var settings = "{}"
    @Option(help: "A folder that keeps the supervised models for the next call.") var keep: String?
    @Option(help: "An SVG file for reward and utility over the divergence.") var plot: String?
    @Flag(help: "Print how the trainings go.") var verbose = false
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    private static func parts(_ text: String) throws -> [Part] {
        try text.split(separator: ",").map { word in
            guard let part = Part(rawValue: String(word)) else {
                throw ValidationError("--parts \(word): there are reward, policy, process and watch")
            }
            return part
        }
    }

    func run() async throws {
        if prmbench != nil || gsm8kSolutions != nil { return try await measurePublished() }
        let root = keep ?? FileManager.default.temporaryDirectory.path + "/hone-bench-\(UUID().uuidString)"
        var results = RLHFResults()
        for seed in firstSeed..<firstSeed + UInt64(seeds) { try await measure(seed, in: root, &results) }
        if keep == nil { try FileManager.default.removeItem(atPath: root) }
        if let plot {
            try Data(results.figure.svg().utf8).write(to: URL(filePath: plot), options: .atomic)
        }
        try results.report.show(asJSON: json)
    }

    private func measurePublished() async throws {
        var rows: [SuiteReport.Row] = []
        func add(_ name: String, _ unit: String, _ value: Double) {
            rows.append(SuiteReport.Row(name: name, unit: unit, sample: Sample([value]), beside: nil))
        }
        let labels = PublishedLabels(steps: publishedSteps, seed: firstSeed)
        if let prmbench {
            let found = try await labels.prmBench(prmbench.split(separator: ",").map(String.init))
            add("PRMBench: wrong steps found, F1", "", found.f1)
            add("PRMBench: steps judged rightly", "%", 100 * found.accuracy)
            add("PRMBench: steps that are wrong", "%", 100 * found.wrongShare)
            add("PRMBench: held-out steps", "steps", Double(found.stepCount))
        }
        if let gsm8kSolutions {
            let found = try await labels.gsm8kSolutions(gsm8kSolutions)
            add("GSM8K solutions: pairs told apart", "%", 100 * found.accuracy)
            add("GSM8K solutions: calibration error", "", found.calibrationError)
            add("GSM8K solutions: held-out pairs", "pairs", Double(found.count))
        }
        try SuiteReport(suite: "rlhf", rows: rows, absent: []).show(asJSON: json)
    }

    private func measure(_ seed: UInt64, in root: String, _ results: inout RLHFResults) async throws {
        if parts.contains(.process) {
            let choosing = ProcessMeasurement(seed: seed, options: sizes, verbose: verbose)
            let result = try await choosing.run(in: root)
            note("\(result)", seed)
            results.processes.append(result)
        }
        guard parts.contains(where: { $0 != .process }) else { return }
        let problems = try FeedbackProblems(sizes, seed: seed)
        let policy = try await SupervisedPolicy.train(
            "habits", on: problems.supervised, layerCount: sizes.layers, steps: sizes.supervisedSteps, seed: seed,
            in: root)
        let judge = try await SupervisedPolicy.train(
            "exact", on: problems.prompts, layerCount: sizes.judgeLayers, steps: sizes.judgeSteps, seed: seed, in: root)
        let preferences = PreferenceMeasurement(seed: seed, options: sizes, verbose: verbose)
        let answers = try preferences.sample(policy, problems)
        let (model, result) = try preferences.reward(from: judge, problems, answers)
        note("\(result)", seed)
        results.rewards.append(result)
        let learning = PolicyMeasurement(
            seed: seed, settings: try PolicyMeasurement.settings(overlaid: settings), verbose: verbose)
        if parts.contains(.policy) {
            let run = try learning.run(policy, by: model, isWatched: true, problems)
            note("\(run.betterCount) better, \(run.worseCount) worse, fall \(run.fall), kept at \(run.keptAt)", seed)
            results.policies.append(run)
        }
        guard parts.contains(.watch) else { return }
        var few = preferences
        few.pairLimit = sizes.weakPairs
        let (weak, found) = try few.reward(from: judge, problems, answers)
        let both = OverOptimization(
            trueAccuracy: found.trueAccuracy,
            watched: try learning.run(policy, by: weak, isWatched: true, problems),
            unwatched: try learning.run(policy, by: weak, isWatched: false, problems))
        note("fall \(both.watchedFall) if watched, else \(both.unwatchedFall)", seed)
        results.weak.append(both)
    }

    private func note(_ text: String, _ seed: UInt64) {
        if verbose { print("seed \(seed): \(text)") }
    }
}
