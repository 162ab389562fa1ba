import HoneInference
import HoneModel
import HoneProblems
import HoneTensor
import HoneTokenizer

/// Whether a request's answer depends on anything but itself: random requests, each alone and then in waves of random
/// sizes with random settings of the engine.
struct InvarianceMeasurement {
    let network: CausalLanguageModel
    let precision: ServedPrecision
    let requestCount: Int
    let device: Device

    func rows() throws -> [SuiteReport.Row] {
        let requests = makeRequests()
        Threads.set(intraOp: 1)
        var settings = GenerationLimits()
        settings.batchSize = 1
        settings.sharesPrefixes = false
        let prepared = try PreparedModel(network, precision.plan(for: network.configuration))?
            .on(device, reserving: settings.cacheByteCount)
        let alone = generator(prepared, settings)
        let expected = try requests.map { try alone.generate([$0])[0] }
        var random = RandomSource(seed: 99)
        var (differingTokens, differingBits, tokenCount) = (0, 0, 0)
        var left = random.shuffled(Array(requests.indices))
        while !left.isEmpty {
            let wave = Array(left.suffix(random.integer(1...256)))
            left.removeLast(wave.count)
            Threads.set(intraOp: random.integer(1...2))
            settings.batchSize = random.integer(1...64)
            settings.prefillTokenCount = random.integer(1...512)
            settings.sharesPrefixes = random.chance(percent: 50)
            let found = try generator(prepared, settings).generate(wave.map { requests[$0] })
            for (position, result) in zip(wave, found) {
                let before = expected[position]
                tokenCount += result.tokens.count
                differingTokens += zip(result.tokens, before.tokens).count { $0 != $1 }
                differingTokens += abs(result.tokens.count - before.tokens.count)
                differingBits += zip(result.logProbs, before.logProbs).reduce(0) {
                    $0 + ($1.0.bitPattern ^ $1.1.bitPattern).nonzeroBitCount
                }
            }
        }
        return Self.rows(
            precision.rawValue, requestCount, tokens: tokenCount, differingTokens: differingTokens,
            differingBits: differingBits)
    }

    static func rows(
        _ engine: String, _ requestCount: Int, tokens: Int, differingTokens: Int, differingBits: Int
    ) -> [SuiteReport.Row] {
        [("tokens", tokens), ("differing tokens", differingTokens), ("differing bits", differingBits)].map {
            SuiteReport.Row(
                name: "\(engine), \(requestCount) requests: \($0)", unit: "", sample: Sample([Double($1)]),
                beside: nil)
        }
    }

    private func generator(_ prepared: PreparedModel?, _ limits: GenerationLimits) -> TextGenerator {
        TextGenerator(
            model: network, tokenizer: ByteTokenizer(), endTokens: [], limits: limits, prepared: prepared)
    }

    private func makeRequests() -> [GenerationRequest] {
        var random = RandomSource(seed: 7)
        let tokens = 0...network.configuration.vocabularySize - 1
        return (0..<requestCount).map { number in
            // One in four begins as another does.
            var prompt = RandomSource(seed: UInt64(random.chance(percent: 25) ? number % 8 : number))
            let length = random.integer(1...64)
            let sampling = SamplingParameters(
                temperature: random.chance(percent: 50) ? 0 : 1, topP: random.chance(percent: 50) ? 1 : 0.9,
                seed: UInt64(number))
            return GenerationRequest(
                prompt: (0..<length).map { _ in Int32(prompt.integer(tokens)) },
                maximumNewTokens: random.integer(1...24), sampling: sampling)
        }
    }
}
