import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer
import Synchronization
import Testing

@Suite struct GenerationEngineTests {
    private let tokenizer = ByteTokenizer()

    /// The same random weights each time.
    private func makeModel() -> CausalLanguageModel {
        CausalLanguageModel(
            ModelConfiguration(
                vocabularySize: 260, hiddenSize: 32, intermediateSize: 48, layerCount: 2, headCount: 4, kvHeadCount: 2,
                maxPositionCount: 96, initializerRange: 0.3),
            generator: Generator(seed: 11))
    }

    private func engine(batchSize: Int = 64, cacheByteCount: Int = 64 << 20) -> GenerationEngine {
        var limits = GenerationLimits()
        limits.batchSize = batchSize
        limits.cacheByteCount = cacheByteCount
        return GenerationEngine(model: makeModel(), tokenizer: tokenizer, limits: limits)
    }

    /// Requests of mixed lengths, limits and ways of picking.
    private func mixedRequests(count: Int) -> [GenerationRequest] {
        (0..<count).map { number in
            let prompt = (0..<(1 + number * 7 % 23)).map { Int32((number * 31 + $0 * 17) % 250) }
            let sampling =
                number.isMultiple(of: 2)
                ? SamplingParameters.greedy
                : SamplingParameters(temperature: 0.8, topK: number % 3 == 0 ? 20 : 0, topP: 0.95, seed: UInt64(number))
            return GenerationRequest(prompt: prompt, maximumNewTokens: 3 + number * 5 % 20, sampling: sampling)
        }
    }

    @Test func greedyTokensAreThoseOfTheModelWithoutACache() async throws {
        let prompt: [Int32] = [72, 105, 33]
        let result = try await engine().generate([GenerationRequest(prompt: prompt, maximumNewTokens: 12)])[0]
        let model = makeModel()
        var ids = prompt.map(Int.init)
        noGrad {
            for (token, logProb) in zip(result.tokens, result.logProbs) {
                let logits = model(Tensor(ids, shape: [1, ids.count]))[0, -1]
                #expect(logits.argmax().item(Int.self) == Int(token))
                #expect(abs(logits.logSoftmax(dim: 0)[Int(token)].item(Float.self) - logProb) < 1e-5)
                ids.append(Int(token))
            }
        }
        #expect(result.tokens.count == 12 && result.finishReason == .length)
    }

    /// Token 7 is no number, so what reads it breaks; those that come to its place in the cache must not.
    @Test func logitsThatAreNoNumbersEndThatAnswerAlone() async throws {
        func model(isBroken: Bool) throws -> CausalLanguageModel {
            let shape = ModelConfiguration(
                vocabularySize: 260, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 2,
                maxPositionCount: 96, tiesEmbeddings: false, initializerRange: 0.3)
            let model = CausalLanguageModel(shape, generator: Generator(seed: 4))
            var state = model.stateDictionary()
            let embedding = try #require(state["model.embed_tokens.weight"]).clone()
            if isBroken { embedding.select(0, 7).copyInPlace(Tensor([Float](repeating: .nan, count: 16))) }
            state["model.embed_tokens.weight"] = embedding
            try model.load(state)
            return model
        }
        let prompts: [[Int32]] = [
            [1, 7, 2, 3, 4, 5, 6, 8, 9, 10], [20, 21], [7, 22, 23, 24, 25], [30, 31, 32], [33], [34, 35, 36, 37],
        ]
        let requests = prompts.map { GenerationRequest(prompt: $0, maximumNewTokens: 8) }
        var limits = GenerationLimits()
        limits.batchSize = 2
        let clean = try TextGenerator(model: model(isBroken: false), tokenizer: tokenizer, limits: limits)
            .generate(requests)
        let broken = try TextGenerator(model: model(isBroken: true), tokenizer: tokenizer, limits: limits)
            .generate(requests)
        for (prompt, (before, after)) in zip(prompts, zip(clean, broken)) {
            guard !prompt.contains(7) else {
                #expect(after.finishReason == .error && after.tokens.count == 1)
                continue
            }
            #expect(!before.tokens.contains(7), "choose another seed")
            #expect(after.tokens == before.tokens && after.finishReason == before.finishReason)
        }
    }

    @Test(arguments: [1, 5, 64]) func anAnswerDoesNotDependOnTheBatch(batchSize: Int) async throws {
        let requests = mixedRequests(count: 24)
        let together = try await engine(batchSize: batchSize).generate(requests)
        let alone = engine()
        for (request, result) in zip(requests, together) {
            let single = try await alone.generate([request])[0]
            #expect(single.tokens == result.tokens && single.text == result.text)
            #expect(single.finishReason == result.finishReason)
            #expect(single.logProbs == result.logProbs && single.drawnLogProbs == result.drawnLogProbs)
        }
    }

    @Test func aTightMemoryLimitChangesNothingButTheBatch() async throws {
        let requests = mixedRequests(count: 12)
        // Three pages of 16 tokens of 2 · 2 layers · 2 heads · 8 · 4 bytes: room for one row of the longest kind.
        let tight = try await engine(cacheByteCount: 3 * 16 * 256).generate(requests)
        #expect(try await engine().generate(requests) == tight)
    }

    @Test func theSeedAloneDecidesADraw() async throws {
        func tokens(seed: UInt64) async throws -> [Int32] {
            let sampling = SamplingParameters(temperature: 1.5, seed: seed)
            return try await engine().generate(
                [GenerationRequest(prompt: [1, 2, 3], maximumNewTokens: 16, sampling: sampling)])[0].tokens
        }
        #expect(try await tokens(seed: 4) == tokens(seed: 4))
        #expect(try await tokens(seed: 4) != tokens(seed: 5))
    }

    @Test func aStopTextEndsTheAnswerBeforeIt() async throws {
        let request = GenerationRequest(prompt: [10, 20, 30], maximumNewTokens: 30)
        let whole = try await engine().generate([request])[0]
        let bytes = Array(whole.text.unicodeScalars)
        let stop = String(String.UnicodeScalarView(bytes[4..<6]))
        var stopped = request
        stopped.stopTexts = [stop, "never written by anyone"]
        let result = try await engine().generate([stopped])[0]
        #expect(result.finishReason == .stop)
        #expect(!result.text.contains(stop))
        #expect(whole.text.hasPrefix(result.text + stop))
        #expect(whole.tokens.starts(with: result.tokens) && result.tokens.count < whole.tokens.count)
    }

    @Test func theEndTokenEndsTheAnswerAndIsNotInItsText() async throws {
        let draws = (0..<64).map { seed in
            GenerationRequest(
                prompt: [5], maximumNewTokens: 90, sampling: SamplingParameters(temperature: 2, seed: UInt64(seed)))
        }
        let results = try await engine().generate(draws)
        let stopped = results.filter { $0.finishReason == .stop }
        #expect(!stopped.isEmpty)
        for result in stopped {
            #expect(result.tokens.last == tokenizer.endOfTextID)
            #expect(result.tokens.dropLast().allSatisfy { $0 != tokenizer.endOfTextID })
            #expect(result.text == tokenizer.decode(result.tokens.dropLast()))
        }
        #expect(results.allSatisfy { $0.tokens.count == $0.logProbs.count && $0.tokens.count <= 90 })
    }

    @Test func theContextEndsTheAnswer() async throws {
        let prompt = [Int32](repeating: 65, count: 90)
        let result = try await engine().generate([GenerationRequest(prompt: prompt, maximumNewTokens: 50)])[0]
        #expect(result.tokens.count <= 6)
    }

    @Test func aRequestThatCannotBeAnsweredIsNamed() async throws {
        let good = GenerationRequest(prompt: [1], maximumNewTokens: 1)
        func error(_ bad: GenerationRequest) async -> InferenceError? {
            await #expect(throws: InferenceError.self) { try await engine().generate([good, bad]) }
        }
        #expect(await error(GenerationRequest(prompt: [], maximumNewTokens: 1)) == .emptyPrompt(request: 1))
        let long = [Int32](repeating: 1, count: 96)
        #expect(
            await error(GenerationRequest(prompt: long, maximumNewTokens: 1))
                == .promptTooLong(request: 1, tokenCount: 96, contextLength: 96))
        #expect(
            await error(GenerationRequest(prompt: [300], maximumNewTokens: 1))
                == .tokenOutOfVocabulary(request: 1, token: 300, vocabularySize: 260))
        var cold = good
        cold.sampling.temperature = -1
        #expect("\(try #require(await error(cold)))".contains("temperature must be 0"))
    }

    @Test func cancellationEndsWithinAStep() async throws {
        let steps = Mutex(0)
        let request = GenerationRequest(prompt: [1], maximumNewTokens: 80)
        let engine = engine()
        let task = Task {
            try await engine.generate([request]) { _ in
                steps.withLock { $0 += 1 }
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(steps.withLock { $0 } == 1)
    }

    @Test(arguments: [5, 64]) func theOthersAreAnsweredAlikeWhenSomeAreNotWantedAnyMore(batchSize: Int) async throws {
        let requests = mixedRequests(count: 24)
        let undisturbed = try await engine(batchSize: batchSize).generate(requests)
        let steps = Mutex(0)
        // Every third request: the first at once, each of the others a step later than the one before.
        let results = try await engine(batchSize: batchSize).generate(
            requests, onStep: { _ in steps.withLock { $0 += 1 } },
            isWanted: { position in position % 3 > 0 || steps.withLock { $0 } < position / 3 })
        for position in requests.indices where position % 3 > 0 {
            let (result, before) = (results[position], undisturbed[position])
            #expect(result.tokens == before.tokens && result.text == before.text)
            #expect(result.finishReason == before.finishReason)
            #expect(result.logProbs == before.logProbs)
        }
        #expect(results[0] == .nothing)
    }

    @Test func aRequestThatIsNotWantedAnyMoreTakesNoFurtherStep() async throws {
        let tokenCount = Mutex(0)
        let long = GenerationRequest(prompt: [72, 105, 33], maximumNewTokens: 12)
        let short = GenerationRequest(prompt: [10, 20, 30], maximumNewTokens: 6)
        let results = try await engine().generate(
            [long, short], onStep: { progress in tokenCount.withLock { $0 = progress.tokenCount } },
            isWanted: { position in position == 1 || tokenCount.withLock { $0 } < 6 })
        #expect(results[0] == .nothing && results[1].tokens.count == 6)
        #expect(tokenCount.withLock { $0 } == 3 + 6)
    }

    @Test func noRequestsGiveNoAnswers() async throws {
        #expect(try await engine().generate([]).isEmpty)
    }
}
