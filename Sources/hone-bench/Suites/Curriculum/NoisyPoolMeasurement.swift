import HoneProblems
import HoneTokenizer
import HoneTraining

/// Training on few examples of which some are wrong: how much better the model is on those than on unseen ones.
struct NoisyPoolMeasurement: Sendable {
    static let poolCount = 2000
    static let noisePercent = 10

    let task: CurriculumTask
    let settings: CurriculumMeasurement.Settings

    struct Outcome: Sendable {
        /// Share of the pool's hard problems that are written as they stand there, wrong answers included.
        let trained: Double
        /// Share of held-out hard problems that are right.
        let heldOut: Double
    }

    /// Trains for all steps of the settings.
    func run(_ arm: CurriculumArm, seed: UInt64) async throws -> Outcome {
        var random = RandomSource(words: seed, 7)
        var pool: [TrainingExample] = []
        let levels = CurriculumTask.levels
        for (place, level) in levels.enumerated() {
            let count = Self.poolCount * (place + 1) / levels.count - pool.count
            pool += try task.examples(level: level, count: count, split: .train, seed: seed).map {
                random.integer(0...99) < Self.noisePercent ? Self.spoilt($0, &random) : $0
            }
        }
        let heldOut = try task.examples(
            level: CurriculumTask.hardLevel, count: settings.heldOutCount, split: .test, seed: seed)
        var configuration = CurriculumMeasurement(task: task, settings: settings).configuration(arm, seed: seed)
        // Where few examples never lead to mastery, the last stage has half of the steps even so.
        configuration.levelSchedule?.mastery.stageStepLimit = settings.stepLimit / 4
        let session = try await TrainingSession.start(configuration, examples: pool, tokenizer: ByteTokenizer())
        for _ in 0..<settings.stepLimit { _ = try await session.advance() }
        let hard = pool.filter { $0.level == CurriculumTask.hardLevel }
        return Outcome(
            trained: try await session.accuracy(over: hard), heldOut: try await session.accuracy(over: heldOut))
    }

    /// The same with another last digit.
    private static func spoilt(_ example: TrainingExample, _ random: inout RandomSource) -> TrainingExample {
        var example = example
        guard let digit = example.completion.last?.wholeNumberValue else { return example }
        example.completion = String(example.completion.dropLast()) + "\((digit + random.integer(1...9)) % 10)"
        return example
    }
}
