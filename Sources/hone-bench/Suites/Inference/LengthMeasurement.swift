import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer

/// Whether lengths that vary cost throughput: requests whose prompts and answers are 8 to 160 tokens long each, beside
/// as many whose prompts and answers all have the mean length, so that batches of them begin and end together.
struct LengthMeasurement {
    let network: CausalLanguageModel
    let precision: ServedPrecision
    let runs: Int

    private static let lengths = 8...160
    private static let requestCount = 512
    private static let fixedBatches = [32, 64, 128]

    func rows(_ shape: ServedShape) throws -> [SuiteReport.Row] {
        let varied = Self.requests { random in random.integer(Self.lengths) }
        let mean = (Self.lengths.lowerBound + Self.lengths.upperBound) / 2
        let even = Self.requests { _ in mean }
        var (ours, fixed): ([Double], [Int: [Double]]) = ([], [:])
        for _ in 0..<runs {
            ours.append(try speed(varied, batch: 64))
            for batch in Self.fixedBatches { fixed[batch, default: []].append(try speed(even, batch: batch)) }
        }
        return Self.fixedBatches.map { batch in
            SuiteReport.Row(
                name: "lengths of \(Self.lengths.lowerBound) to \(Self.lengths.upperBound), \(shape.rawValue) "
                    + "\(precision.rawValue), 64 rows", unit: "tokens/s", sample: Sample(ours),
                beside: .init(name: "all of \(mean), \(batch) rows", sample: Sample(fixed[batch] ?? [0])))
        }
    }

    /// Tokens of prompts and answers a second.
    private func speed(_ requests: [GenerationRequest], batch: Int) throws -> Double {
        var limits = GenerationLimits()
        limits.batchSize = batch
        limits.cacheByteCount = 2 << 30
        let generator = TextGenerator(
            model: network, tokenizer: ByteTokenizer(), endTokens: [], limits: limits,
            precision: precision.plan(for: network.configuration))
        let tokenCount = requests.map { $0.prompt.count + $0.maximumNewTokens }.reduce(0, +)
        let start = ContinuousClock.now
        _ = try generator.generate(requests)
        return Double(tokenCount) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private static func requests(length: (inout RandomSource) -> Int) -> [GenerationRequest] {
        var random = RandomSource(seed: 3)
        return (0..<requestCount).map { _ in
            GenerationRequest(
                prompt: (0..<length(&random)).map { _ in Int32(random.integer(0...249)) },
                maximumNewTokens: length(&random))
        }
    }
}
