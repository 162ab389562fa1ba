import ArgumentParser
import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import HoneTraining
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// What trainings are predicted to take, beside what they took: each in a process of its own.
struct MemoryProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory", abstract: "The predicted memory of trainings beside their measured peak.",
        discussion: """
            The prediction refuses a training before it starts; it must not be far too low. The last line is JSON.

              hone-bench memory
            """)

    @Option(help: "Measure one alone, in this process.") var only: MemoryCase?

    func run() async throws {
        if let only {
            let before = try ResidentMemory.now()
            try await only.train()
            try printJSONLine(["predicted": only.predicted, "measured": try ResidentMemory.peak() - before])
            return
        }
        var shares: [String: Double] = [:]
        print("training             predicted MiB  measured MiB  measured / predicted")
        for one in MemoryCase.allCases {
            let found = try await Self.measure(one)
            shares[one.rawValue] = found.measured / found.predicted
            let name = one.rawValue.padding(toLength: 20, withPad: " ", startingAt: 0)
            let numbers = [found.predicted, found.measured, found.measured / found.predicted]
            print(name + zip([" %13.0f", " %13.0f", " %21.2f"], numbers).map { String(format: $0, $1) }.joined())
        }
        try printJSONLine(shares)
    }

    private struct Finding: Decodable {
        let predicted: Double
        let measured: Double
    }

    private static func measure(_ one: MemoryCase) async throws -> Finding {
        let run = try await Subprocess.run(
            .path("/proc/self/exe"), arguments: ["memory", "--only", one.rawValue],
            output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        guard run.terminationStatus.isSuccess, let line = run.standardOutput.split(separator: "\n").last else {
            throw ValidationError("\(one.rawValue): \(run.standardError)")
        }
        return try JSONDecoder().decode(Finding.self, from: Data(line.utf8))
    }
}

/// Trainings of several kinds and sizes, three steps of each.
enum MemoryCase: String, ExpressibleByArgument, CaseIterable {
    case supervisedTiny = "supervised-tiny"
    case supervisedSmall = "supervised-small"
    case supervised50M = "supervised-50m"
    case rewardSmall = "reward-small"
    case ppoTiny = "ppo-tiny"
    case ppoSmall = "ppo-small"
    case ppo50M = "ppo-50m"

    private static let steps = 3

    private var shape: ModelConfiguration {
        switch self {
        case .supervisedTiny, .ppoTiny: ModelSize.tiny.configuration
        case .supervisedSmall, .rewardSmall, .ppoSmall: ModelSize.small.configuration
        case .supervised50M, .ppo50M: ModelSize.fifty.configuration
        }
    }

    private var supervised: SFTConfiguration {
        var settings = SFTConfiguration(steps: Self.steps)
        settings.tokensPerBatch = self == .supervised50M ? 2048 : 8192
        settings.model = shape
        return settings
    }

    private var reward: RewardConfiguration { RewardConfiguration(steps: Self.steps) }

    private var reinforced: PPOConfiguration {
        var settings = PPOConfiguration(steps: Self.steps)
        settings.maximumNewTokens = 64
        if self == .ppo50M {
            settings.promptsPerStep = 16
            settings.answersPerUpdate = 32
            settings.tokensPerMicroBatch = 2048
        }
        return settings
    }

    /// In MiB.
    var predicted: Double {
        let need =
            switch self {
            case .supervisedTiny, .supervisedSmall, .supervised50M: MemoryNeed(supervised, shape: shape)
            case .rewardSmall: MemoryNeed(reward, shape: shape)
            case .ppoTiny, .ppoSmall, .ppo50M: MemoryNeed(reinforced, shape: shape)
            }
        return Double(need.byteCount) / 1_048_576
    }

    func train() async throws {
        switch self {
        case .supervisedTiny, .supervisedSmall, .supervised50M: try await trainSupervised()
        case .rewardSmall: try await trainReward()
        case .ppoTiny, .ppoSmall, .ppo50M: try await reinforce()
        }
    }

    private func trainSupervised() async throws {
        let examples = (0..<2000).map { number in
            TrainingExample(
                prompt: String(repeating: "7", count: 20 + number % 40) + "=\n",
                completion: String(repeating: "1", count: 60 + number % 40))
        }
        let session = try await TrainingSession.start(supervised, examples: examples, tokenizer: ByteTokenizer())
        for _ in 0..<Self.steps { _ = try await session.advance() }
    }

    private func trainReward() async throws {
        let pairs = (0..<400).map { number in
            PreferencePair(
                chosen: [Int32](repeating: 50, count: 60 + number % 40) + [256],
                rejected: [Int32](repeating: 51, count: 70 + number % 30) + [256])
        }
        let run = try await TrainingRun.start { [self] in
            try RewardTrainer(
                reward, backbone: CausalLanguageModel(shape, generator: Generator(seed: 1)), examples: .pairs(pairs),
                tokenizer: ByteTokenizer())
        }
        for _ in 0..<Self.steps { _ = try await run.with { try $0.advance() } }
    }

    private func reinforce() async throws {
        let prompts = (0..<64).map { String(repeating: "3", count: 32 + $0 % 32) }
        let run = try await TrainingRun.start { [self] in
            try PPOTrainer(
                reinforced, policy: CausalLanguageModel(shape, generator: Generator(seed: 1)), prompts: prompts,
                tokenizer: ByteTokenizer()
            ) { _, _, tokens in .scored(Double((tokens.last ?? 0) % 2)) }
        }
        for _ in 0..<Self.steps { _ = try await run.with { try $0.advance() } }
    }
}
