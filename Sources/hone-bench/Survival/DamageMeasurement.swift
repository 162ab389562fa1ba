import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import HoneTraining

/// Two checkpoints of each trainer, of which the newer is damaged again and again.
enum DamageMeasurement {
    struct Outcome: Encodable, Sendable {
        /// Cases by what was done.
        var cases: [String: Int] = [:]
        /// Damaged checkpoints that loaded.
        var loaded = 0
        /// Cases in which the checkpoint before did not load.
        var lost = 0
        var faults: [String] = []
        var seconds = 0.0

        var isClean: Bool { loaded == 0 && lost == 0 }

        var rows: [SuiteReport.Row] {
            [
                ("damaged checkpoints", cases.values.reduce(0, +)), ("loaded", loaded),
                ("checkpoint before lost", lost),
            ].map { SuiteReport.Row(name: $0, unit: "", sample: Sample([Double($1)]), beside: nil) }
        }
    }

    /// Damages as many checkpoints as asked for, in turn those of supervised and of reinforcement training.
    static func run(cases: Int, seed: UInt64) async throws -> Outcome {
        let started = ContinuousClock.now
        let root = FileManager.default.temporaryDirectory.path + "/hone-damage-\(UUID().uuidString)"
        let trainings = [try await DamagedTraining.supervised(in: root), try await .policy(in: root)]
        var outcome = Outcome()
        var random = SimulationRandom(state: seed)
        for (number, training) in trainings.enumerated() {
            let share = cases / trainings.count + (number < cases % trainings.count ? 1 : 0)
            let whole = try CheckpointCopy(reading: training.newest)
            let other = try CheckpointCopy(reading: training.before)
            for damage in whole.damages(share, other: other, using: &random) {
                try whole.apply(damage, to: training.newest, other: other)
                outcome.cases[damage.kind.rawValue, default: 0] += 1
                if try await training.loads(training.newest) {
                    outcome.loaded += 1
                    outcome.faults.append("\(training.name): loaded with \(damage)")
                }
                if try await !training.loads(training.before) {
                    outcome.lost += 1
                    outcome.faults.append("\(training.name): the one before was lost with \(damage)")
                }
                try whole.restore(damage, to: training.newest)
            }
            guard try await training.loads(training.newest) else {
                throw CocoaError(.fileReadCorruptFile, userInfo: [NSFilePathErrorKey: training.newest])
            }
        }
        try FileManager.default.removeItem(atPath: root)
        outcome.seconds = (ContinuousClock.now - started) / .seconds(1)
        return outcome
    }
}

/// A training with two checkpoints on the disk.
struct DamagedTraining: Sendable {
    let name: String
    let before: String
    let newest: String
    private let resume: @Sendable (_ directory: String) async throws -> Void

    /// Whether a run can go on from the directory. Refusing is a `TrainingError`; anything else is passed on.
    func loads(_ directory: String) async throws -> Bool {
        do {
            try await resume(directory)
            return true
        } catch is TrainingError {
            return false
        }
    }

    private static let tokenizer = ByteTokenizer()
    private static let shape = ModelConfiguration(
        vocabularySize: 258, hiddenSize: 16, intermediateSize: 32, layerCount: 1, headCount: 2, maxPositionCount: 64,
        initializerRange: 0.1, eosTokenIDs: [256], padTokenID: 257)

    static func supervised(in root: String) async throws -> DamagedTraining {
        let examples = (0..<10).map { TrainingExample(prompt: "\($0)+\($0)=\n", completion: "\(2 * $0)") }
        var configuration = SFTConfiguration(steps: 2)
        configuration.tokensPerBatch = 64
        configuration.checkpointInterval = 1
        configuration.model = shape
        let session = try await TrainingSession.start(configuration, examples: examples, tokenizer: tokenizer)
        let folder = root + "/train.sft"
        try await session.run(checkpointsIn: folder)
        return DamagedTraining(
            name: "train.sft", before: Checkpoint.path(root: folder, step: 1),
            newest: Checkpoint.path(root: folder, step: 2)
        ) { directory in
            _ = try await TrainingSession.resume(directory, examples: examples, tokenizer: tokenizer)
        }
    }

    static func policy(in root: String) async throws -> DamagedTraining {
        var settings = PPOConfiguration(steps: 2)
        settings.promptsPerStep = 2
        settings.samplesPerPrompt = 2
        settings.maximumNewTokens = 4
        settings.checkpointInterval = 1
        let configuration = settings
        let prompts = ["1?", "2?", "3?"]
        let reward: RewardFunction = { _, _, tokens in .scored(Double(tokens.count { $0 % 2 == 1 })) }
        @Sendable func model() -> CausalLanguageModel { CausalLanguageModel(shape, generator: Generator(seed: 1)) }
        let run = try await TrainingRun.start {
            try PPOTrainer(configuration, policy: model(), prompts: prompts, tokenizer: tokenizer, reward: reward)
        }
        let folder = root + "/train.ppo"
        try await run.run(checkpointsIn: folder)
        return DamagedTraining(
            name: "train.ppo", before: Checkpoint.path(root: folder, step: 1),
            newest: Checkpoint.path(root: folder, step: 2)
        ) { directory in
            _ = try await TrainingRun.start {
                try PPOTrainer.resume(
                    directory, reference: model(), prompts: prompts, tokenizer: tokenizer, reward: reward)
            }
        }
    }
}
