import HoneInference
import HoneModel
import HoneTokenizer
import HoneTraining

/// A quarter of a million parameters that read bytes: what short questions with short answers need.
enum SmallModel {
    static let tokenizer = ByteTokenizer()
    static let shape = ModelConfiguration(
        vocabularySize: 258, hiddenSize: 96, intermediateSize: 256, layerCount: 2, headCount: 4,
        maxPositionCount: 64, rmsNormEps: 1e-6, ropeTheta: 100, tiesEmbeddings: true, initializerRange: 0.05,
        eosTokenIDs: [256], padTokenID: 257)

    /// A training from random weights.
    static func training(steps: Int) -> SFTConfiguration {
        var settings = SFTConfiguration(steps: steps)
        settings.learningRate = 0.01
        settings.checkpointInterval = 0
        settings.model = shape
        return settings
    }

    /// The share of examples that greedy decoding answers exactly.
    static func accuracy(of directory: String, on examples: [TrainingExample]) async throws -> Double {
        var limits = GenerationLimits()
        limits.batchSize = 256
        let engine = GenerationEngine(
            model: try CausalLanguageModel.load(directory: directory), tokenizer: tokenizer, limits: limits)
        let results = try await engine.generate(
            examples.map { GenerationRequest(prompt: tokenizer.encode($0.prompt), maximumNewTokens: 16) })
        return Double(zip(results, examples).count { $0.text == $1.completion }) / Double(examples.count)
    }
}
