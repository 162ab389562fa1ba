import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer

/// Whether lengths that vary cost throughput: requests whose prompts and answers are 8 to 160 tokens long each, beside
/// as many whose prompts and answers all have the mean length, so that batches of them begin and end together.
///
/// Both run at the same numbers of rows. One run that does not count touches the memory of keys and values first, which
/// a process pays for once.
struct LengthMeasurement {
    let network: CausalLanguageModel
    let precision: ServedPrecision
    let runs: Int

    private static let lengths = 8...160
    private static let requestCount = 512
    private static let batches = [32, 64, 128]

    /// What came of some requests at one number of rows.
    private struct Side {
        /// Tokens of prompts and answers a second.
        var speeds: [Double] = []
        /// Tokens that a step writes, on average: what is short of the rows is beginning and end.
        var filling = 0.0

        var sample: Sample { Sample(speeds) }
    }

    func rows(_ shape: ServedShape) throws -> [SuiteReport.Row] {
        let varied = Self.requests { random in random.integer(Self.lengths) }
        let mean = (Self.lengths.lowerBound + Self.lengths.upperBound) / 2
        let even = Self.requests { _ in mean }
        var ours = [Side](repeating: Side(), count: Self.batches.count)
        var fixed = ours
        var untimed = Side()
        try run(varied, batch: Self.batches[0], &untimed)
        for _ in 0..<runs {
            for (index, batch) in Self.batches.enumerated() {
                try run(varied, batch: batch, &ours[index])
                try run(even, batch: batch, &fixed[index])
            }
        }
        let names = (
            own: "lengths of \(Self.lengths.lowerBound) to \(Self.lengths.upperBound), \(shape.rawValue) "
                + precision.rawValue, other: "all of \(mean)"
        )
        var rows: [SuiteReport.Row] = []
        for (index, batch) in Self.batches.enumerated() {
            rows.append(
                SuiteReport.Row(
                    name: "\(names.own), \(batch) rows", unit: "tokens/s", sample: ours[index].sample,
                    beside: .init(name: "\(names.other), \(batch) rows", sample: fixed[index].sample)))
            rows.append(
                SuiteReport.Row(
                    name: "\(names.own), \(batch) rows", unit: "tokens a step", sample: Sample([ours[index].filling]),
                    beside: .init(name: "\(names.other), \(batch) rows", sample: Sample([fixed[index].filling]))))
        }
        rows.append(
            SuiteReport.Row(
                name: "\(names.own), best", unit: "tokens/s", sample: Self.best(ours),
                beside: .init(name: "\(names.other), best", sample: Self.best(fixed))))
        return rows
    }

    private static func best(_ sides: [Side]) -> Sample {
        sides.map(\.sample).max { $0.median < $1.median } ?? Sample([0])
    }

    private func run(_ requests: [GenerationRequest], batch: Int, _ side: inout Side) throws {
        var limits = GenerationLimits()
        limits.batchSize = batch
        limits.cacheByteCount = 2 << 30
        let generator = TextGenerator(
            model: network, tokenizer: ByteTokenizer(), endTokens: [], limits: limits,
            precision: precision.plan(for: network.configuration))
        let tokenCount = requests.map { $0.prompt.count + $0.maximumNewTokens }.reduce(0, +)
        var stepCount = 0
        let start = ContinuousClock.now
        let results = try generator.generate(requests, onStep: { _ in stepCount += 1 })
        side.speeds.append(Double(tokenCount) / ((ContinuousClock.now - start) / .seconds(1)))
        side.filling = Double(results.map(\.tokens.count).reduce(0, +)) / Double(stepCount)
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
