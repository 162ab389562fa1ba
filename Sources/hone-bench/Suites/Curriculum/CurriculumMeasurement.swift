import Foundation
import HoneModel
import HoneProblems
import HoneTokenizer
import HoneTraining

/// How an arm of `curriculum` chooses its levels; all else is the same for all.
enum CurriculumArm: String, CaseIterable, Sendable {
    case hardOnly = "hard-only"
    /// Any stage with the same chance.
    case uniform
    /// All examples as they come, which gives a stage as many steps as its tokens fill.
    case shuffled
    case staged
    case adaptive
    case deficit

    static let controls = [CurriculumArm.hardOnly, .uniform, .shuffled]
}

/// One training of one arm.
struct CurriculumMeasurement: Sendable {
    struct Settings: Sendable {
        var stepLimit: Int
        var hiddenSize = 64
        var layerCount = 3
        var tokensPerBatch = 1024
        var learningRate = 0.003
        var matrixLearningRate = 0.005
        /// Examples of every level to train on.
        var poolCount = 6000
        var heldOutCount = 400
        /// Steps between measurements, and between an arm's own probes.
        var interval = 25
        var target = 0.8
        var replay = 0.2
        var threshold = 0.6
        var adaptiveTarget = 0.5
        var adaptiveStep = 0.5
    }

    struct Outcome: Sendable {
        let arm: CurriculumArm
        let seed: UInt64
        /// Steps done and the held-out accuracy on the hard level.
        var curve: [(step: Int, accuracy: Double)] = []
        /// Nil where the budget ended before.
        var stepsToTarget: Int?
    }

    let task: CurriculumTask
    let settings: Settings

    /// Trains until the target is reached or the steps are used up.
    func run(_ arm: CurriculumArm, seed: UInt64, _ isVerbose: Bool) async throws -> Outcome {
        var examples: [TrainingExample] = []
        for level in CurriculumTask.levels {
            examples += try task.examples(level: level, count: settings.poolCount, split: .train, seed: seed)
        }
        let heldOut = try task.examples(
            level: CurriculumTask.hardLevel, count: settings.heldOutCount, split: .test, seed: seed)
        let session = try await TrainingSession.start(
            configuration(arm, seed: seed), examples: examples, tokenizer: ByteTokenizer())
        var outcome = Outcome(arm: arm, seed: seed)
        while outcome.stepsToTarget == nil, await session.step < settings.stepLimit {
            let report = try await session.advance()
            guard report.step % settings.interval == 0 else { continue }
            let accuracy = try await session.accuracy(over: heldOut)
            outcome.curve.append((report.step, accuracy))
            if accuracy >= settings.target { outcome.stepsToTarget = report.step }
            if isVerbose { print(line(arm, seed, report, accuracy)) }
        }
        return outcome
    }

    private func line(_ arm: CurriculumArm, _ seed: UInt64, _ report: StepReport, _ accuracy: Double) -> String {
        let place = report.curriculum.map { String(format: "difficulty %.2f", max($0.difficulty, Double($0.stage))) }
        let probe = report.curriculum?.accuracy.map { String(format: ", probe %.2f", $0) }
        return "\(task.rawValue), \(arm.rawValue), seed \(seed), step \(report.step), "
            + String(format: "loss %.2f, held out %.2f, ", report.loss, accuracy) + (place ?? "") + (probe ?? "")
    }

    func configuration(_ arm: CurriculumArm, seed: UInt64) -> SFTConfiguration {
        var configuration = SFTConfiguration(steps: settings.stepLimit)
        configuration.seed = seed
        configuration.tokensPerBatch = settings.tokensPerBatch
        configuration.learningRate = settings.learningRate
        configuration.matrixLearningRate = settings.matrixLearningRate
        configuration.schedule = .constant
        configuration.checkpointInterval = 0
        configuration.levelSchedule = schedule(arm)
        configuration.model = ModelConfiguration(
            vocabularySize: 258, hiddenSize: settings.hiddenSize, intermediateSize: settings.hiddenSize * 11 / 4,
            layerCount: settings.layerCount, headCount: 4, maxPositionCount: 256, rmsNormEps: 1e-6, ropeTheta: 100,
            tiesEmbeddings: true, initializerRange: 0.05, eosTokenIDs: [256], padTokenID: 257)
        return configuration
    }

    private func schedule(_ arm: CurriculumArm) -> LevelSchedule {
        let stages = CurriculumTask.levels.map { [$0] }
        var schedule =
            switch arm {
            case .hardOnly: LevelSchedule(.uniform, stages: [[CurriculumTask.hardLevel]])
            case .uniform: LevelSchedule(.uniform, stages: stages)
            case .shuffled: LevelSchedule(.uniform, stages: [CurriculumTask.levels])
            case .staged: LevelSchedule(.mastery, stages: stages)
            case .adaptive: LevelSchedule(.adaptive, stages: stages)
            case .deficit: LevelSchedule(.deficit, stages: stages)
            }
        schedule.probeInterval = settings.interval
        schedule.probeExamples = 100
        schedule.replay = settings.replay
        schedule.mastery.threshold = settings.threshold
        schedule.adaptive.target = settings.adaptiveTarget
        schedule.adaptive.stepSize = settings.adaptiveStep
        return schedule
    }
}
