import HoneGrammar
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer
import Synchronization
import Testing

/// What the row engine promises: an answer has the same bits however it comes about.
@Suite(.serialized) struct RowEngineTests {
    private let tokenizer = ByteTokenizer()

    private static let shape = ModelConfiguration(
        vocabularySize: 260, hiddenSize: 64, intermediateSize: 96, layerCount: 2, headCount: 4, kvHeadCount: 2,
        maxPositionCount: 160, attention: [.full, .sliding(window: 24)], initializerRange: 0.3)

    private func model(seed: UInt64 = 11) -> CausalLanguageModel {
        model(keeping: .float32, seed: seed)
    }

    private func model(keeping entry: KeyValuePages.Entry, seed: UInt64 = 11) -> CausalLanguageModel {
        var shape = Self.shape
        var record = QuantizationRecord(plan: PrecisionPlan(.float32), embedding: .float32)
        record.cache = entry
        shape.quantization = record
        return CausalLanguageModel(shape, generator: Generator(seed: seed))
    }

    private func generator(
        _ precision: LayerPrecision = .float32, keeping entry: KeyValuePages.Entry = .float32,
        _ change: (inout GenerationLimits) -> Void = { _ in }
    ) -> TextGenerator {
        var limits = GenerationLimits()
        limits.cacheByteCount = 4 << 20
        change(&limits)
        return TextGenerator(
            model: model(keeping: entry), tokenizer: tokenizer, limits: limits, precision: PrecisionPlan(precision))
    }

    /// Prompts with common beginnings, some of them twice and more often, of mixed lengths and ways of picking.
    private func requests(count: Int) -> [GenerationRequest] {
        (0..<count).map { number in
            let beginning = (0..<40).map { Int32(($0 * 13 + number % 3) % 250) }
            let rest = (0..<(number * 7 % 60)).map { Int32((number / 4 * 31 + $0 * 17) % 250) }
            var sampling = SamplingParameters(
                temperature: number.isMultiple(of: 3) ? 0 : 0.9, topK: number % 5 == 0 ? 20 : 0,
                topP: number % 2 == 0 ? 0.95 : 1, seed: UInt64(number))
            if number % 7 == 0 { sampling.presencePenalty = 0.4 }
            return GenerationRequest(
                prompt: beginning + (number % 4 == 3 ? [] : rest), maximumNewTokens: 1 + number * 11 % 25,
                sampling: sampling)
        }
    }

    @Test(arguments: LayerPrecision.allCases, KeyValuePages.Entry.allCases)
    func `an answer has the same bits in any batch, in any pieces, with shared beginnings or not, and with two threads`(
        precision: LayerPrecision, entry: KeyValuePages.Entry
    ) throws {
        let requests = requests(count: 20)
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        Threads.set(intraOp: 1)
        let alone = generator(precision, keeping: entry) {
            $0.batchSize = 1
            $0.sharesPrefixes = false
        }
        let expected = try requests.map { try alone.generate([$0])[0] }
        for (batchSize, chunk, shares, pageCount, threadCount) in [
            (64, 512, true, 4096, 1), (7, 19, true, 4096, 1), (16, 33, false, 4096, 1), (40, 512, true, 16, 1),
            (20, 40, true, 4096, 2), (64, 512, true, 4096, 2),
        ] {
            Threads.set(intraOp: threadCount)
            let together = generator(precision, keeping: entry) {
                $0.batchSize = batchSize
                $0.prefillTokenCount = chunk
                $0.sharesPrefixes = shares
                $0.cacheByteCount = pageCount * Self.shape.pageByteCount(entry)
            }
            for round in 0..<(threadCount == 1 ? 2 : 1) {
                let found = try together.generate(requests)
                #expect(found == expected, "\(batchSize), \(chunk), \(shares), \(pageCount), round \(round)")
            }
        }
    }

    @Test func `keys and values are kept as the model says`() throws {
        let requests = requests(count: 8)
        #expect(try generator(keeping: .int8).generate(requests) != generator(keeping: .float32).generate(requests))
        let tokenCount = try #require(requests.map { $0.prompt.count + $0.maximumNewTokens }.max())
        let room = KeyValuePages.count(forTokens: tokenCount) * Self.shape.pageByteCount(.int8)
        #expect(throws: Never.self) {
            try generator(keeping: .int8) { $0.cacheByteCount = room }.generate(requests)
        }
        #expect(throws: InferenceError.self) {
            try generator(keeping: .float32) { $0.cacheByteCount = room }.generate(requests)
        }
    }

    @Test func `the answers that may become the longest are begun first, so that rows end together`() throws {
        let lengths = [Int](repeating: 4, count: 12) + [24, 20]
        let requests = lengths.enumerated().map { number, length in
            GenerationRequest(prompt: [Int32(number)], maximumNewTokens: length)
        }
        var limits = GenerationLimits()
        limits.batchSize = 4
        limits.draftedRowCount = 0
        let engine = TextGenerator(model: model(), tokenizer: tokenizer, endTokens: [], limits: limits)
        var stepCount = 0
        let results = try engine.generate(requests, onStep: { _ in stepCount += 1 })
        #expect(results.map(\.tokens.count) == lengths)
        #expect(stepCount == 24, "12 steps for the short ones in the two places that are left")
    }

    @Test func `a prompt that was read before is read no more`() throws {
        func stepCount(_ requests: [GenerationRequest], _ generator: TextGenerator) throws -> Int {
            var count = 0
            _ = try generator.generate(requests, onStep: { _ in count += 1 })
            return count
        }
        let prompt = (0..<100).map { Int32($0) }
        let one = GenerationRequest(prompt: prompt, maximumNewTokens: 1)
        let generator = generator { $0.prefillTokenCount = 10 }
        #expect(try stepCount([one], generator) == 10)
        // All but the last, unfinished page is known.
        #expect(try stepCount([one], generator) == 1)
        var others = one
        others.tenant = "another"
        #expect(try stepCount([others], generator) == 10)
        // Many answers to one prompt read it once.
        var fresh = one
        fresh.prompt = prompt.reversed()
        #expect(try stepCount([GenerationRequest](repeating: fresh, count: 30), generator) == 10)
    }

    @Test func `an answer has the same bits with drafts and without, and comes in fewer steps with them`() throws {
        var requests = requests(count: 16)
        // Half of the answers have to be their prompts with one letter changed.
        for index in requests.indices {
            requests[index].prompt = (0..<60).map { Int32(97 + $0 * (index + 3) % 23 + $0 / 23) }
            requests[index].maximumNewTokens = 40 + 2 * index
            if index % 2 == 0 {
                var text = requests[index].prompt.map { UInt8($0) }
                text[30] = 65
                requests[index].format = .regex(String(decoding: text, as: UTF8.self))
            }
            if index % 4 == 1 { requests[index].stopTexts = ["a", "\u{10}\u{11}"] }
            if index % 8 == 3 { requests[index].format = .jsonSchema(#"{"type":"array","items":{"type":"integer"}}"#) }
        }
        func answers(rows: Int, batchSize: Int, pageCount: Int = 4096) throws -> ([GenerationResult], steps: Int) {
            var steps = 0
            let generator = generator {
                $0.draftedRowCount = rows
                $0.batchSize = batchSize
                $0.cacheByteCount = pageCount * Self.shape.pageByteCount()
            }
            return (try generator.generate(requests, onStep: { _ in steps += 1 }), steps)
        }
        let (expected, steps) = try answers(rows: 0, batchSize: 1)
        for (rows, batchSize, pageCount) in [(8, 1, 4096), (64, 5, 4096), (100, 16, 20), (7, 3, 12)] {
            let (found, fewer) = try answers(rows: rows, batchSize: batchSize, pageCount: pageCount)
            #expect(found == expected, "\(rows), \(batchSize), \(pageCount)")
            #expect(fewer < steps)
        }
        let (_, fewer) = try answers(rows: 16, batchSize: 1)
        #expect(3 * fewer < 2 * steps)
    }

    @Test func `every token says which weights wrote it, and other weights take over between two steps`() async throws {
        var limits = GenerationLimits()
        limits.draftedRowCount = 0  // a step is a token
        let engine = GenerationEngine(
            model: model(), tokenizer: tokenizer, endTokens: [], limits: limits, version: 7)
        let request = GenerationRequest(prompt: [1, 2, 3], maximumNewTokens: 12)
        let before = try await engine.generate([request])[0]
        #expect(before.weightSpans == [WeightSpan(version: 7, tokenCount: 12)])
        let steps = Mutex(0)
        let changing = try await engine.generate(
            [request],
            onStep: { _ in
                let step = steps.withLock { count in
                    count += 1
                    return count
                }
                guard step == 5 else { return }
                let isReplaced = try engine.replaceWeights(by: model(seed: 12), version: 8)
                #expect(isReplaced)
            })[0]
        #expect(changing.weightSpans == [WeightSpan(version: 7, tokenCount: 5), WeightSpan(version: 8, tokenCount: 7)])
        #expect(changing.tokens.prefix(5) == before.tokens.prefix(5) && changing.tokens != before.tokens)
        let other = GenerationEngine(model: model(seed: 12), tokenizer: tokenizer, endTokens: [], version: 8)
        // Nothing of the former weights is left, also not among known beginnings.
        #expect(try await engine.generate([request]) == other.generate([request]))
        let larger = CausalLanguageModel(
            ModelConfiguration(
                vocabularySize: 260, hiddenSize: 32, intermediateSize: 96, layerCount: 2, headCount: 4,
                maxPositionCount: 160),
            generator: Generator(seed: 1))
        #expect(try !engine.replaceWeights(by: larger, version: 9))
    }

    @Test func `log-probabilities are those of the network that trains, to the bit`() throws {
        guard Torch.computesTokensAlike else { return }
        let shape = ModelConfiguration(
            vocabularySize: 260, hiddenSize: 64, intermediateSize: 96, layerCount: 2, headCount: 4,
            maxPositionCount: 160, initializerRange: 0.3)
        let model = CausalLanguageModel(shape, generator: Generator(seed: 2))
        let prompts = (0..<9).map { number in (0..<(5 + number * 9)).map { Int32($0 * 7 % 250) } }
        let results = try TextGenerator(model: model, tokenizer: tokenizer, endTokens: []).generate(
            prompts.map { GenerationRequest(prompt: $0, maximumNewTokens: 30) })
        for (prompt, result) in zip(prompts, results) {
            let ids = prompt + result.tokens.dropLast()
            let logits_TV = model.logits(model.hiddenStates(TokenLine([ids])))
            let picks = noGrad { logits_TV.detach() }.pickTokens(
                ids.map { _ in TokenDraw(temperature: 0, uniform: 1) })
            #expect(picks.dropFirst(prompt.count - 1).map(\.logProb) == result.logProbs)
            let targets = Tensor((ids.dropFirst() + result.tokens.suffix(1)).map(Int.init))
            let learned = logits_TV.likelihoods(of: targets).logProbs.detach().toArray(Float.self)
            #expect(learned.suffix(result.tokens.count).elementsEqual(result.logProbs))
        }
    }
}
