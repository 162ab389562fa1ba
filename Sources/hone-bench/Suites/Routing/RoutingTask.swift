import HoneModel
import HoneProblems
import HoneTraining

/// What a routed model of `routing` learns and answers: the generator's first three levels, one third each.
struct RoutingTask: Sendable {
    let seed: UInt64
    var steps = 6000
    var layerCount = 6
    var exitLayer = 3
    var exitWeight = 0.5
    var hiddenSize = 128

    static let levels: [ProblemLevel] = [.arithmetic, .multiStep, .story]
    static let maximumNewTokens = 224

    /// Supervised training as `Pipelines/first-reasoner.yaml` has it, with an early exit beside it.
    var configuration: SFTConfiguration {
        var settings = SFTConfiguration(steps: steps)
        settings.seed = seed
        settings.learningRate = 0.01
        settings.checkpointInterval = 0
        settings.curriculum = [
            SFTConfiguration.Phase(steps: steps / 10, levels: [1]),
            SFTConfiguration.Phase(steps: steps * 3 / 10, levels: [1, 2]),
            SFTConfiguration.Phase(steps: steps, levels: nil),
        ]
        settings.earlyExit = EarlyExitConfiguration(layer: exitLayer, weight: exitWeight)
        settings.model = ModelConfiguration(
            vocabularySize: 258, hiddenSize: hiddenSize, intermediateSize: hiddenSize * 11 / 4, layerCount: layerCount,
            headCount: 4, maxPositionCount: 512, rmsNormEps: 1e-6, ropeTheta: 100, tiesEmbeddings: true,
            initializerRange: 0.05, eosTokenIDs: [256], padTokenID: 257)
        return settings
    }

    /// What the model learns.
    func examples() throws -> [TrainingExample] {
        let counts: [ProblemLevel: Int] = [.arithmetic: 12000, .multiStep: 40000, .story: 6000]
        return try Self.levels.flatMap { level in
            try ProblemGenerator(seed: seed, level: level).distinct(counts[level, default: 0], split: .train).map {
                TrainingExample(prompt: $0.prompt + "\n", completion: $0.completion, level: level.rawValue)
            }
        }
    }

    /// Problems that the model did not learn: those of `validation` teach the router, those of `test` are reported.
    func problems(_ count: Int, split: ProblemSplit) throws -> [Problem] {
        try ProblemGenerator(seed: seed, levels: Self.levels).distinct(count, split: split)
    }
}
