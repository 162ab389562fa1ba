import Foundation
import HoneModel
import HoneProblems
import HoneTraining

/// One seed of `ppo-learning`: supervised training, accuracy, reinforcement learning, accuracy.
struct LearningMeasurement: Sendable {
    let seed: UInt64
    let task: LearningTask
    let supervisedSteps: Int
    let heldOutCount: Int
    let configuration: PPOConfiguration
    let verbose: Bool

    struct Result: Sendable {
        let before: Double
        let after: Double
        let seconds: Double
        let answers: Int
        let stopCause: (seed: UInt64, cause: StopCause)?
    }

    /// Sixteen updates on one batch, the later ones far from the policy that sampled it.
    static let drill = """
        {"steps": 20, "epochs": 4, "answers_per_update": 64, "prompts_per_step": 32, "samples_per_prompt": 8,
         "optimizer": {"learning_rate": 3e-4}, "probe": {"prompts": 200, "interval": 1},
         "objective": {"advantage": "grpo", "aggregation": "sequence_mean_token_mean"}}
        """

    /// The suite's settings, with those of a JSON object in the place of some.
    static func configuration(of task: LearningTask, overlaid text: String) throws -> PPOConfiguration {
        var settings = PPOConfiguration.ofLearningSuites
        settings.steps = 64
        settings.maximumNewTokens = task.maximumNewTokens
        return try Settings.overlay(text, on: settings)
    }

    func run(keepingModelsIn folder: String?) async throws -> Result {
        let root = folder ?? FileManager.default.temporaryDirectory.path + "/hone-bench-\(UUID().uuidString)"
        let problems = try task.draw(seed: seed, heldOutCount: heldOutCount)
        let start = LearningStart(seed: seed, task: task, supervisedSteps: supervisedSteps, verbose: verbose)
        let directory = try await start.model(problems, in: root)
        let result = try await reinforce(directory, prompts: problems.prompts, heldOut: problems.heldOut)
        if folder == nil { try FileManager.default.removeItem(atPath: root) }
        return result
    }

    private func reinforce(_ directory: String, prompts: [Problem], heldOut: [Problem]) async throws -> Result {
        let problemOfPrompt = Dictionary(
            prompts.map { ($0.prompt + "\n", $0) }, uniquingKeysWith: { first, _ in first })
        var settings = configuration
        settings.seed = seed
        let run = try await TrainingRun.start { [settings] in
            try PPOTrainer(
                settings, policy: .load(directory: directory), prompts: prompts.map { $0.prompt + "\n" },
                tokenizer: LearningStart.tokenizer
            ) { prompt, completion, _ in
                guard let problem = problemOfPrompt[prompt] else { return .unscorable(reason: "an unknown prompt") }
                // An answer without a number is no fault of the checker's: it earns nothing.
                return .scored(SolutionChecker().check(completion, of: problem).verdict == .correct ? 1 : 0)
            }
        }
        let before = try await run.with { try accuracy(of: $0.policy, on: heldOut) }
        let started = ContinuousClock.now
        var (answers, isDone) = (0, false)
        while !isDone {
            let report = try await run.with { try $0.advance() }
            if verbose { try printJSONLine(report) }
            answers += report.answerCount
            isDone = try await run.with { $0.isDone }
        }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let (after, cause) = try await run.with { (try accuracy(of: $0.policy, on: heldOut), $0.stopCause) }
        if verbose { print("seed \(seed): \(before) to \(after) in \(seconds) s") }
        return Result(
            before: before, after: after, seconds: seconds, answers: answers, stopCause: cause.map { (seed, $0) })
    }

    private func accuracy(of model: CausalLanguageModel, on problems: [Problem]) throws -> Double {
        try LearningStart.accuracy(of: model, on: problems, maximumNewTokens: configuration.maximumNewTokens)
    }
}

extension PPOConfiguration {
    /// What small models learn sums by.
    static var ofLearningSuites: PPOConfiguration {
        var settings = PPOConfiguration(steps: 32)
        // New prompts bring more than more answers to the same, since the critic says what each is worth.
        settings.promptsPerStep = 256
        settings.samplesPerPrompt = 1
        settings.epochs = 1
        settings.lambda = 1
        settings.optimizer.learningRate = 2e-4
        settings.optimizer.beta2 = 0.99
        settings.criticOptimizer.schedule = .constant
        settings.divergence.coefficient = 0
        // Answers that are worked out are five times as long.
        settings.limits.lengthFactor = 8
        return settings
    }
}
