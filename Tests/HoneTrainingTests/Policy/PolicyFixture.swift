import HoneModel
import HoneTensor
import HoneTokenizer
import HoneTraining

/// Reinforcement on runs that take fractions of a second: the policy shall write the letter "a" as often as it can.
enum PolicyFixture {
    static let prompts = (0..<12).map { "\($0)?" }

    static func model(seed: UInt64 = 1) -> CausalLanguageModel {
        var shape = Fixture.modelShape(hiddenSize: 32)
        shape.initializerRange = 0.1
        return CausalLanguageModel(shape, generator: Generator(seed: seed))
    }

    /// Share of bytes that have an odd code: half of them at first, and easy to learn.
    static let reward: RewardFunction = { _, _, tokens in
        .scored(Double(tokens.count { $0 % 2 == 1 }) / Double(max(1, tokens.count)))
    }

    static func configuration(steps: Int, _ estimator: AdvantageEstimator = .gae) -> PPOConfiguration {
        var configuration = PPOConfiguration(steps: steps)
        configuration.promptsPerStep = 4
        configuration.samplesPerPrompt = 4
        configuration.maximumNewTokens = 6
        configuration.answersPerUpdate = 8
        configuration.objective.estimator = estimator
        configuration.optimizer.learningRate = 3e-3
        configuration.optimizer.schedule = .constant
        configuration.criticOptimizer.learningRate = 3e-3
        configuration.checkpointInterval = 1
        configuration.seed = 5
        return configuration
    }

    static func trainer(
        _ configuration: PPOConfiguration, reward: @escaping RewardFunction = PolicyFixture.reward
    ) throws -> PPOTrainer {
        try PPOTrainer(
            configuration, policy: model(), prompts: prompts, tokenizer: Fixture.tokenizer, reward: reward)
    }
}
