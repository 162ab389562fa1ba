import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer

/// What it is worth that calls join: blocks of requests for one caller, who waits for each block, beside the same for
/// two callers. How long an answer becomes is not known before; so the last ones of a block leave places empty.
struct CallerMeasurement {
    let directory: String
    let shape: ServedShape
    let precision: ServedPrecision
    let threads: Int
    let runs: Int

    private static let blockSize = 128
    private static let blockCount = 4
    private static let lengths = 8...160

    func row() async throws -> SuiteReport.Row {
        let network = try CausalLanguageModel.load(directory: directory)
        // One in 86 tokens ends an answer, so that most end before their limit.
        let endTokens = (0..<Int32(shape.configuration.vocabularySize / 86)).map(\.self)
        let plan = precision.plan(for: network.configuration)
        var limits = GenerationLimits()
        // The same prompts come in every run.
        limits.sharesPrefixes = false
        let engine = GenerationEngine(
            model: network, tokenizer: ByteTokenizer(), endTokens: endTokens, limits: limits, threads: threads,
            precision: plan)
        _ = try await speed(engine, callerCount: 1)
        var (one, two): ([Double], [Double]) = ([], [])
        for _ in 0..<runs {
            one.append(try await speed(engine, callerCount: 1))
            two.append(try await speed(engine, callerCount: 2))
        }
        return SuiteReport.Row(
            name: "\(Self.blockCount) blocks of \(Self.blockSize) for two callers, \(shape.rawValue) "
                + precision.rawValue, unit: "tokens/s",
            sample: Sample(two), beside: .init(name: "one caller", sample: Sample(one)))
    }

    /// Tokens of prompts and answers a second.
    private func speed(_ engine: GenerationEngine, callerCount: Int) async throws -> Double {
        let start = ContinuousClock.now
        let tokenCount = try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<callerCount {
                group.addTask {
                    var count = 0
                    for block in stride(from: caller, to: Self.blockCount, by: callerCount) {
                        let requests = Self.requests(block: block)
                        count += requests.map(\.prompt.count).reduce(0, +)
                        count += try await engine.generate(requests).map(\.tokens.count).reduce(0, +)
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(tokenCount) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private static func requests(block: Int) -> [GenerationRequest] {
        var random = RandomSource(seed: UInt64(block))
        return (0..<blockSize).map { number in
            GenerationRequest(
                prompt: (0..<random.integer(lengths)).map { _ in Int32(random.integer(0...249)) },
                maximumNewTokens: lengths.upperBound,
                sampling: SamplingParameters(temperature: 1, seed: UInt64(block * blockSize + number)))
        }
    }
}
