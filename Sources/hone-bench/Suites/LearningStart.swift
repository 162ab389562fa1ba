import Foundation
import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer
import HoneTraining

/// Where reinforcement learning of `ppo-learning` starts: a model that was trained on examples until it answers 42 to
/// 43 % of problems that are neither learnt from nor reported.
struct LearningStart: Sendable {
    let seed: UInt64
    let task: LearningTask
    let supervisedSteps: Int
    let verbose: Bool

    static let tokenizer = ByteTokenizer()
    private static let aim = 0.42...0.43
    /// Accuracy by a quarter of the problems that is so far off needs no closer look.
    private static let far = 0.025
    /// Steps between looks, and how often is looked before it is left at that.
    private static let (stride, looks) = (4, 50)

    /// The directory below `root` of the model, trained now or by an earlier call.
    func model(_ problems: LearningTask.Problems, in root: String) async throws -> String {
        let folder = "\(root)/\(task.rawValue)-\(supervisedSteps)-seed\(seed)"
        let chosen = folder + "/start"
        if FileManager.default.fileExists(atPath: chosen) { return chosen }
        let trained = try await supervised(problems.supervised, in: folder)
        try await approach(from: trained, problems, to: chosen)
        return chosen
    }

    private func supervised(_ problems: [Problem], in folder: String) async throws -> String {
        let settings = task.configuration(seed: seed, steps: supervisedSteps)
        let directory = Checkpoint.path(root: folder, step: settings.steps)
        if FileManager.default.fileExists(atPath: directory) { return directory }
        let session = try await TrainingSession.start(
            settings, examples: Self.examples(problems), tokenizer: Self.tokenizer)
        try await session.run(checkpointsIn: folder) { report in
            if verbose, report.step % 100 == 0 { try printJSONLine(report) }
        }
        return directory
    }

    /// Goes on, a few steps at a time, until the accuracy is what is aimed at: with the worked examples where it is too
    /// low, with those that are answered at once where it is too high.
    private func approach(from trained: String, _ problems: LearningTask.Problems, to chosen: String) async throws {
        var directory = trained
        for look in 0...Self.looks {
            let accuracy = try accuracy(of: .load(directory: directory), on: problems.aiming)
            if verbose { print("seed \(seed), look \(look): \(accuracy) of the aiming problems") }
            if Self.aim.contains(accuracy) {
                try FileManager.default.copyItem(atPath: directory, toPath: chosen)
                if directory != trained { try FileManager.default.removeItem(atPath: directory) }
                return
            }
            let wanted = problems.supervised.filter { $0.steps.isEmpty == (accuracy > Self.aim.upperBound) }
            var settings = task.configuration(seed: seed &+ UInt64(look), steps: Self.stride)
            settings.model = nil
            settings.learningRate = 1e-4
            settings.warmUpSteps = 0
            settings.schedule = .constant
            let session = try await TrainingSession.start(
                settings, from: directory, examples: Self.examples(wanted.isEmpty ? problems.supervised : wanted),
                tokenizer: Self.tokenizer)
            for _ in 0..<Self.stride { _ = try await session.advance() }
            let next = "\(chosen)-\(look)"
            try await session.writeCheckpoint(to: next)
            if directory != trained { try FileManager.default.removeItem(atPath: directory) }
            directory = next
        }
        throw StartNotReached(seed: seed, task: task)
    }

    /// Of all problems where it may be what is aimed at.
    private func accuracy(of model: CausalLanguageModel, on problems: [Problem]) throws -> Double {
        func share(of part: ArraySlice<Problem>) throws -> Double {
            try Self.accuracy(of: model, on: Array(part), maximumNewTokens: task.maximumNewTokens)
        }
        let rough = try share(of: problems.prefix(problems.count / 4))
        let isFar = rough < Self.aim.lowerBound - Self.far || rough > Self.aim.upperBound + Self.far
        return isFar ? rough : try share(of: problems[...])
    }

    private static func examples(_ problems: [Problem]) -> [TrainingExample] {
        problems.map { TrainingExample(prompt: $0.prompt + "\n", completion: $0.completion) }
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
        "seed \(seed) of \(task.rawValue): supervised training did not come to between 42 and 43 % of the problems "
            + "that are looked at; give another number of steps by --supervised-steps"
    }
}
