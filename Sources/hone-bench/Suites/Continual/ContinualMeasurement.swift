import Foundation
import HoneInference
import HoneModel
import HoneTokenizer
import HoneTraining

/// Tasks in sequence: each training goes on from the model that the one before left.
struct ContinualMeasurement: Sendable {
    let tasks: [ContinualTask]
    let seed: UInt64
    /// Of a training from random weights.
    let steps: Int
    let trainCount: Int
    let testCount: Int
    /// Old examples that a method may see, of all tasks together.
    let oldCount: Int
    /// Of each training after the first; the method's memory comes on top where there is none.
    let continued: SFTConfiguration

    struct Run: Sendable {
        var matrix = AccuracyMatrix()
        var seconds = 0.0
    }

    private static let tokenizer = ByteTokenizer()
    private static let shape = ModelConfiguration(
        vocabularySize: 258, hiddenSize: 96, intermediateSize: 256, layerCount: 2, headCount: 4,
        maxPositionCount: 64, rmsNormEps: 1e-6, ropeTheta: 100, tiesEmbeddings: true, initializerRange: 0.05,
        eosTokenIDs: [256], padTokenID: 257)

    /// Accuracy on each task's suite of a model that was trained on that task alone, from random weights.
    func solo() async throws -> [Double] {
        try await withFolder { folder in
            var accuracies: [Double] = []
            for task in tasks {
                let model = try await train(on: task, after: nil, tasksBefore: [], by: .plain, in: folder)
                accuracies.append(try await accuracy(of: model, on: task))
            }
            return accuracies
        }
    }

    func run(_ method: ContinualMethod) async throws -> Run {
        try await withFolder { folder in
            var run = Run()
            var model: String?
            for (index, task) in tasks.enumerated() {
                let started = ContinuousClock.now
                let trained = try await train(
                    on: task, after: model, tasksBefore: Array(tasks[..<index]), by: index == 0 ? .plain : method,
                    in: folder)
                run.seconds += (ContinuousClock.now - started) / .seconds(1)
                model = trained
                var row: [Double] = []
                for suite in tasks { row.append(try await accuracy(of: trained, on: suite)) }
                run.matrix.append(row)
            }
            return run
        }
    }

    private func train(
        on task: ContinualTask, after model: String?, tasksBefore: [ContinualTask], by method: ContinualMethod,
        in folder: String
    ) async throws -> String {
        var settings = model == nil ? Self.first(steps: steps) : continued
        settings.seed = seed
        settings.checkpointInterval = 0
        if model != nil { method.apply(to: &settings) }
        let session = try await TrainingSession.start(
            settings, from: model, examples: task.questions(trainCount, heldOut: false, seed: seed),
            old: old(tasksBefore), tokenizer: Self.tokenizer)
        let root = "\(folder)/\(method.rawValue)-\(task.rawValue)"
        try await session.run(checkpointsIn: root)
        return Checkpoint.path(root: root, step: settings.steps)
    }

    /// What each training after the first does.
    static var continued: SFTConfiguration {
        var settings = SFTConfiguration(steps: 900)
        settings.learningRate = 0.01
        return settings
    }

    /// A training from random weights.
    private static func first(steps: Int) -> SFTConfiguration {
        var settings = SFTConfiguration(steps: steps)
        settings.learningRate = 0.01
        settings.model = shape
        return settings
    }

    /// Equally many of each task.
    private func old(_ tasks: [ContinualTask]) -> [TrainingExample] {
        tasks.flatMap { $0.questions(trainCount, heldOut: false, seed: seed).prefix(oldCount / tasks.count) }
    }

    private func accuracy(of directory: String, on task: ContinualTask) async throws -> Double {
        let examples = task.questions(testCount, heldOut: true, seed: seed)
        var limits = GenerationLimits()
        limits.batchSize = 256
        let engine = GenerationEngine(
            model: try CausalLanguageModel.load(directory: directory), tokenizer: Self.tokenizer, limits: limits)
        let results = try await engine.generate(
            examples.map { GenerationRequest(prompt: Self.tokenizer.encode($0.prompt), maximumNewTokens: 16) })
        return Double(zip(results, examples).count { $0.text == $1.completion }) / Double(testCount)
    }

    private func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.path + "/hone-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { removeFolder(folder) }
        return try await body(folder)
    }

    private func removeFolder(_ folder: String) {
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            FileHandle.standardError.write(Data("left \(folder) behind: \(error)\n".utf8))
        }
    }
}
