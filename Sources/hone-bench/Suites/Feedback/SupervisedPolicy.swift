import Foundation
import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer
import HoneTraining

/// A small model that was trained on worked solutions, not to the end, and what it answers.
struct SupervisedPolicy {
    let directory: String

    static let tokenizer = ByteTokenizer()
    /// 0.16 M parameters a layer.
    static func shape(layerCount: Int) -> ModelConfiguration {
        ModelConfiguration(
            vocabularySize: 258, hiddenSize: 96, intermediateSize: 256, layerCount: layerCount, headCount: 4,
            maxPositionCount: 128, rmsNormEps: 1e-6, ropeTheta: 100, tiesEmbeddings: false, initializerRange: 0.05,
            eosTokenIDs: [256], padTokenID: 257)
    }

    /// Trains it below `root`, or takes what an earlier call left there under that name.
    static func train(
        _ name: String, on problems: [Problem], layerCount: Int, steps: Int, seed: UInt64, in root: String
    ) async throws -> SupervisedPolicy {
        let folder = "\(root)/\(name)-\(layerCount)-\(problems.count)-\(steps)-seed\(seed)"
        let directory = Checkpoint.path(root: folder, step: steps)
        if FileManager.default.fileExists(atPath: directory) { return SupervisedPolicy(directory: directory) }
        var settings = SFTConfiguration(steps: steps)
        settings.seed = seed
        settings.optimizer = .adamW
        settings.learningRate = 2e-3
        settings.initialization = .normal
        settings.checkpointInterval = 0
        settings.model = shape(layerCount: layerCount)
        let examples = problems.map { TrainingExample(prompt: $0.prompt + "\n", completion: $0.completion) }
        let session = try await TrainingSession.start(settings, examples: examples, tokenizer: tokenizer)
        try await session.run(checkpointsIn: folder)
        return SupervisedPolicy(directory: directory)
    }

    func load() throws -> CausalLanguageModel { try .load(directory: directory) }

    static let maximumNewTokens = 80

    /// So many answers to every problem, problem by problem.
    static func answers(
        of model: CausalLanguageModel, to problems: [Problem], each count: Int, temperature: Double, seed: UInt64
    ) throws -> [[GenerationResult]] {
        let requests = problems.enumerated().flatMap { place, problem in
            (0..<count).map { ordinal in
                GenerationRequest(
                    prompt: tokenizer.encode(problem.prompt + "\n"), maximumNewTokens: maximumNewTokens,
                    sampling: SamplingParameters(
                        temperature: temperature, seed: seed &* 1_000_003 &+ UInt64(place * count + ordinal)))
            }
        }
        var limits = GenerationLimits()
        limits.batchSize = 256
        let results = try TextGenerator(model: model, tokenizer: tokenizer, limits: limits).generate(requests)
        return problems.indices.map { Array(results[$0 * count..<($0 + 1) * count]) }
    }

    /// Prompt and answer as one row.
    static func row(_ problem: Problem, _ result: GenerationResult) -> [Int32] {
        tokenizer.encode(problem.prompt + "\n") + result.tokens
    }
}
