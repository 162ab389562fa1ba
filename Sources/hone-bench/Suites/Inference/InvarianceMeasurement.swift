import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer

/// Whether a request's answer depends on anything but itself: random requests, each alone and then in waves of random
/// sizes with random settings of the engine.
struct InvarianceMeasurement {
    let network: CausalLanguageModel
    let precision: ServedPrecision
    let requestCount: Int

    func rows() throws -> [SuiteReport.Row] {
        let requests = makeRequests()
        Threads.set(intraOp: 1)
        var settings = GenerationLimits()
        settings.batchSize = 1
        settings.sharesPrefixes = false
        let alone = generator(settings)
        let expected = try requests.map { try alone.generate([$0])[0] }
        var random = Random(state: 99)
        var (differingTokens, differingBits, tokenCount) = (0, 0, 0)
        var left = Array(requests.indices).shuffled(using: &random)
        while !left.isEmpty {
            let wave = Array(left.suffix(1 + Int(random.next() % 256)))
            left.removeLast(wave.count)
            Threads.set(intraOp: 1 + Int(random.next() % 2))
            settings.batchSize = 1 + Int(random.next() % 64)
            settings.prefillTokenCount = 1 + Int(random.next() % 512)
            settings.sharesPrefixes = random.next() % 2 == 0
            let found = try generator(settings).generate(wave.map { requests[$0] })
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
        let name = "\(precision.rawValue), \(requestCount) requests"
        return [("tokens", tokenCount), ("differing tokens", differingTokens), ("differing bits", differingBits)].map {
            SuiteReport.Row(
                name: "\(name): \($0)", unit: "", sample: Sample([Double($1)]), beside: nil)
        }
    }

    private func generator(_ limits: GenerationLimits) -> TextGenerator {
        TextGenerator(
            model: network, tokenizer: ByteTokenizer(), endTokens: [], limits: limits,
            precision: precision.plan(for: network.configuration))
    }

    private func makeRequests() -> [GenerationRequest] {
        var random = Random(state: 7)
        let vocabulary = UInt64(network.configuration.vocabularySize)
        return (0..<requestCount).map { number in
            // One in four begins as another does.
            let seed = random.next() % 4 == 0 ? UInt64(number % 8) : random.next()
            var prompt = Random(state: seed)
            let length = 1 + Int(random.next() % 64)
            let sampling = SamplingParameters(
                temperature: random.next() % 2 == 0 ? 0 : 1, topP: random.next() % 2 == 0 ? 1 : 0.9,
                seed: UInt64(number))
            return GenerationRequest(
                prompt: (0..<length).map { _ in Int32(prompt.next() % vocabulary) },
                maximumNewTokens: 1 + Int(random.next() % 24), sampling: sampling)
        }
    }

    /// SplitMix64.
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
