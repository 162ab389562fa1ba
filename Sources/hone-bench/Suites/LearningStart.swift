import Foundation
import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer
import HoneTraining

/// Where reinforcement learning of `ppo-learning` starts: a model that was trained on examples until it answers 41.5
/// to 43.5 % of problems that are neither learnt from nor reported.
struct LearningStart: Sendable {
    let seed: UInt64
    let task: LearningTask
    let supervisedSteps: Int
    let verbose: Bool

    static let tokenizer = ByteTokenizer()
    private static let aim = 0.415...0.435
    /// Steps between looks, at a low rate, and how often is looked before it is left at that.
    private static let (stride, looks) = (20, 60)

    /// The directory below `root` of the model, trained now or by an earlier call.
    func model(_ problems: LearningTask.Problems, in root: String) async throws -> String {
        let folder = "\(root)/\(task.rawValue)-\(supervisedSteps)-seed\(seed)"
        let chosen = folder + "/start"
        if FileManager.default.fileExists(atPath: chosen) { return chosen }
        let examples = problems.supervised.map {
            TrainingExample(prompt: $0.prompt + "\n", completion: $0.completion)
        }
        let trained = try await supervised(examples, in: folder)
        try await approach(from: trained, examples, problems.aiming, to: chosen)
        return chosen
    }

    private func supervised(_ examples: [TrainingExample], in folder: String) async throws -> String {
        let settings = task.configuration(seed: seed, steps: supervisedSteps)
        let directory = Checkpoint.path(root: folder, step: settings.steps)
        if FileManager.default.fileExists(atPath: directory) { return directory }
        let session = try await TrainingSession.start(settings, examples: examples, tokenizer: Self.tokenizer)
        try await session.run(checkpointsIn: folder) { report in
            if verbose, report.step % 100 == 0 { try printJSONLine(report) }
        }
        return directory
    }

    /// Goes on, a few steps at a time, until the accuracy is what is aimed at.
    private func approach(
        from trained: String, _ examples: [TrainingExample], _ aiming: [Problem], to chosen: String
    ) async throws {
        var settings = task.configuration(seed: seed, steps: Self.stride * Self.looks)
        settings.model = nil
        settings.learningRate = 5e-4
        settings.schedule = .constant
        let session = try await TrainingSession.start(
            settings, from: trained, examples: examples, tokenizer: Self.tokenizer)
        for look in 0...Self.looks {
            try await session.writeCheckpoint(to: chosen)
            let accuracy = try Self.accuracy(
                of: .load(directory: chosen), on: aiming, maximumNewTokens: task.maximumNewTokens)
            if verbose { print("seed \(seed), \(look * Self.stride) steps further: \(accuracy) of the aiming problems") }
            if Self.aim.contains(accuracy) { return }
            try FileManager.default.removeItem(atPath: chosen)
            for _ in 0..<Self.stride where look < Self.looks { _ = try await session.advance() }
        }
        throw StartNotReached(seed: seed, task: task)
    }

    /// Share of the problems that greedy answers solve.
    static func accuracy(
        of model: CausalLanguageModel, on problems: [Problem], maximumNewTokens: Int
    ) throws -> Double {
        let requests = problems.map {
            GenerationRequest(prompt: tokenizer.encode($0.prompt + "\n"), maximumNewTokens: maximumNewTokens)
        }
        let results = try TextGenerator(model: model, tokenizer: tokenizer).generate(requests)
        let right = zip(results, problems).count { SolutionChecker().check($0.text, of: $1).verdict == .correct }
        return Double(right) / Double(problems.count)
    }
}

/// Supervised training that never came to the accuracy that reinforcement learning is to start from.
struct StartNotReached: Error, CustomStringConvertible {
    let seed: UInt64
    let task: LearningTask

    var description: String {
        "seed \(seed) of \(task.rawValue): supervised training did not come to between 41.5 and 43.5 % of the problems "
            + "that are looked at; give another number of steps by --supervised-steps"
    }
}
