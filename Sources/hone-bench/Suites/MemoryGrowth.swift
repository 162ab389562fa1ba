import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import HoneTraining

/// Whether a process that trains takes more and more memory: its resident memory over many updates on batches of all
/// lengths, supervised and by reinforcement.
struct MemoryGrowth {
    let updates: Int
    /// Samples of a run; the first tenth is warm-up.
    private let sampleCount = 100

    func report() async throws -> SuiteReport {
        SuiteReport(
            suite: "memory",
            rows: try await rows("supervised", supervised()) + rows("PPO", reinforced()), absent: [])
    }

    private func rows(_ name: String, _ samples: [Double]) -> [SuiteReport.Row] {
        let settled = Array(samples.dropFirst(samples.count / 10))
        let part = max(1, settled.count / 10)
        return [
            SuiteReport.Row(
                name: "\(name), last tenth of \(updates) updates", unit: "MiB", sample: Sample(settled.suffix(part)),
                beside: .init(name: "after warm-up", sample: Sample(Array(settled.prefix(part))))),
            SuiteReport.Row(
                name: "\(name), slope", unit: "KiB per 1000 updates",
                sample: Sample([Self.slope(settled) * 1024 * Double(sampleCount) / Double(updates) * 1000]),
                beside: nil),
        ]
    }

    /// Resident memory in MiB, `sampleCount` times over the run.
    private func supervised() async throws -> [Double] {
        var settings = SFTConfiguration(steps: updates)
        settings.tokensPerBatch = 1024
        settings.checkpointInterval = 0
        settings.model = shape
        let examples = (0..<2000).map { number in
            TrainingExample(
                prompt: String(repeating: "7", count: 1 + number % 97) + "=\n",
                completion: String(repeating: "1", count: 1 + number % 29), level: 1)
        }
        let session = try await TrainingSession.start(settings, examples: examples, tokenizer: ByteTokenizer())
        return try await sampled(rounds: updates) { _ = try await session.advance() }
    }

    private func reinforced() async throws -> [Double] {
        var settings = PPOConfiguration(steps: updates)
        settings.promptsPerStep = 16
        settings.samplesPerPrompt = 2
        settings.answersPerUpdate = 8
        settings.epochs = 2
        settings.maximumNewTokens = 24
        settings.limits = CollapseLimits(watching: false)
        settings.optimizer.learningRate = 1e-6
        settings.criticOptimizer.learningRate = 1e-6
        settings.checkpointInterval = 0
        let prompts = (0..<200).map { String(repeating: "3", count: 1 + $0 % 61) }
        let run = try await TrainingRun.start { [settings, shape] in
            try PPOTrainer(
                settings, policy: CausalLanguageModel(shape, generator: Generator(seed: 1)), prompts: prompts,
                tokenizer: ByteTokenizer()
            ) { _, _, tokens in .scored(Double((tokens.last ?? 0) % 2)) }
        }
        let perStep = 2 * 32 / settings.answersPerUpdate
        return try await sampled(rounds: max(sampleCount, updates / perStep)) {
            _ = try await run.with { try $0.advance() }
        }
    }

    private let shape = ModelConfiguration(
        vocabularySize: 258, hiddenSize: 64, intermediateSize: 128, layerCount: 2, headCount: 2, maxPositionCount: 128,
        eosTokenIDs: [256], padTokenID: 257)

    private func sampled(rounds: Int, _ body: () async throws -> Void) async throws -> [Double] {
        var samples: [Double] = []
        for round in 0..<rounds {
            try await body()
            if (round + 1) * sampleCount / rounds > samples.count { samples.append(try ResidentMemory.now()) }
        }
        return samples
    }

    /// The least-squares slope of values at 0, 1, 2 …
    private static func slope(_ values: [Double]) -> Double {
        let (n, mean) = (Double(values.count), values.reduce(0, +) / Double(values.count))
        let middle = (n - 1) / 2
        let (along, squares) = values.enumerated().reduce((0.0, 0.0)) { sums, value in
            let x = Double(value.offset) - middle
            return (sums.0 + x * (value.element - mean), sums.1 + x * x)
        }
        return squares > 0 ? along / squares : 0
    }
}

/// This process's resident memory, as Linux counts it.
enum ResidentMemory {
    struct Fault: Error, CustomStringConvertible {
        let description = "/proc/self/status does not say how much memory is resident; this suite needs Linux"
    }

    /// In MiB.
    static func now() throws -> Double { try read("VmRSS:") }

    /// The most since the process began, in MiB.
    static func peak() throws -> Double { try read("VmHWM:") }

    private static func read(_ field: String) throws -> Double {
        let text = String(decoding: FileManager.default.contents(atPath: "/proc/self/status") ?? Data(), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(field) }
        guard let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { throw Fault() }
        return kibibytes / 1024
    }
}
