import ArgumentParser

/// Steps to a share of held-out hard problems, with and without a curriculum.
struct CurriculumSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curriculum", abstract: "Optimizer steps to 80 % of held-out hard problems, arm by arm.")

    @Option var seeds = 5
    @Option var firstSeed: UInt64 = 1
    @Option var task = "chain"
    @Option var arms = "hard only,uniform mix,staged by mastery,adaptive"
    @Option var steps = 1500
    @Option var hidden = 64
    @Option var layers = 3
    @Option var tokens = 512
    @Option var rate = 0.01
    @Option var matrixRate = 0.02
    @Option var replay = 0.2
    @Option var threshold = 0.8
    @Option var adaptiveTarget = 0.5
    @Option var adaptiveStep = 0.25

    func run() async throws {
        var settings = CurriculumMeasurement.Settings()
        settings.stepLimit = steps
        settings.hiddenSize = hidden
        settings.layerCount = layers
        settings.tokensPerBatch = tokens
        settings.learningRate = rate
        settings.matrixLearningRate = matrixRate
        settings.replay = replay
        settings.threshold = threshold
        settings.adaptiveTarget = adaptiveTarget
        settings.adaptiveStep = adaptiveStep
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            for name in arms.split(separator: ",") {
                guard let arm = CurriculumArm(rawValue: String(name)), let task = CurriculumTask(rawValue: task) else {
                    throw ValidationError("no arm or task of this name")
                }
                let start = ContinuousClock.now
                let o = try await CurriculumMeasurement(task: task, settings: settings).run(
                    arm, seed: seed, verbose: true)
                print("DONE", task, arm, seed, o.stepsToTarget ?? -1, ContinuousClock.now - start)
            }
        }
    }
}
