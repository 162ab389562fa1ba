import Foundation
import HoneGrammar
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer
import SeededRandom
import Testing

@Suite struct FormatGenerationTests {
    /// Random weights, so nothing but the format makes an answer right.
    private func engine(batchSize: Int = 16) -> GenerationEngine {
        let model = CausalLanguageModel(
            ModelConfiguration(
                vocabularySize: 264, hiddenSize: 16, intermediateSize: 24, layerCount: 1, headCount: 2,
                maxPositionCount: 600, initializerRange: 0.2),
            generator: Generator(seed: 8))
        var limits = GenerationLimits()
        limits.batchSize = batchSize
        return GenerationEngine(model: model, tokenizer: ByteTokenizer(), limits: limits)
    }

    private func request(_ format: AnswerFormat?, seed: Int, newTokens: Int = 500) -> GenerationRequest {
        GenerationRequest(
            prompt: [Int32(seed % 200)], maximumNewTokens: newTokens,
            sampling: SamplingParameters(temperature: seed % 5 == 0 ? 0.4 : 1, seed: UInt64(seed)), format: format)
    }

    @Test func answersToRandomSchemasParseAndAreValid() async throws {
        var random = SplitMix(seed: 12)
        let schemas = (0..<60).map { _ in RandomSchema(&random, depth: 0) }
        let requests = schemas.enumerated().flatMap { number, schema in
            (0..<3).map { request(.jsonSchema(schema.json), seed: number * 3 + $0) }
        }
        let results = try await engine().generate(requests)
        for (number, result) in results.enumerated() {
            #expect(result.finishReason == .stop)
            let value = try JSONSerialization.jsonObject(with: Data(result.text.utf8), options: .fragmentsAllowed)
            #expect(schemas[number / 3].accepts(value), "\(schemas[number / 3].json): \(result.text)")
        }
    }

    @Test func answersToAPatternMatchItAndMayBeChinese() async throws {
        let patterns = ["(日|本|語){2,5}!", "[α-ω]{3} = \\d+", "(yes|no), because [a-z ]{5,20}\\.", "[🙂-🙏]{1,4}"]
        let requests = (0..<80).map { request(.regex(patterns[$0 % patterns.count]), seed: $0) }
        for (number, result) in try await engine().generate(requests).enumerated() {
            #expect(result.finishReason == .stop)
            let whole = try Regex(patterns[number % patterns.count])
            #expect(try whole.wholeMatch(in: result.text) != nil, "\(result.text)")
        }
    }

    @Test func anAnswerDoesNotDependOnItsNeighboursFormats() async throws {
        let formats: [AnswerFormat?] = [nil, .regex("[a-f]+"), .jsonSchema(#"{"type":"array","maxItems":3}"#)]
        let requests = (0..<24).map { request(formats[$0 % 3], seed: $0, newTokens: 30) }
        let together = try await engine(batchSize: 7).generate(requests)
        for (request, result) in zip(requests, together) {
            let alone = try await engine().generate([request])[0]
            #expect(alone == result)
        }
    }

    @Test func anAnswerBecomesWholeWithinItsLimit() async throws {
        let schema = AnswerFormat.jsonSchema(
            #"{"type":"object","required":["a","b"],"properties":{"a":{"type":"string"},"b":{"type":"array","items":"#
                + #"{"type":"integer"}}}}"#)
        // {"a":"","b":[]} has 15 bytes, and the tokens of this vocabulary are bytes.
        for limit in 15...40 {
            let results = try await engine().generate((0..<8).map { request(schema, seed: $0, newTokens: limit) })
            for result in results {
                #expect(result.finishReason == .stop && result.tokens.count <= limit)
                #expect(throws: Never.self, "\(result.text)") {
                    try JSONSerialization.jsonObject(with: Data(result.text.utf8))
                }
            }
        }
        let short = try await engine().generate([request(schema, seed: 1, newTokens: 14)])[0]
        #expect(short.finishReason == .length && short.tokens.count == 14)
    }

    @Test func anAnswerCutByItsLimitIsMarked() async throws {
        let result = try await engine().generate([request(.regex("a{40}"), seed: 1, newTokens: 10)])[0]
        #expect(result.finishReason == .length && result.text == String(repeating: "a", count: 10))
    }

    @Test func theLikeliestTokenOfAFormatIsCertainInItsOwnDistribution() async throws {
        let asked = GenerationRequest(prompt: [1], maximumNewTokens: 10, format: .regex("abc"))
        let result = try await engine().generate([asked])[0]
        #expect(result.text == "abc" && result.finishReason == .stop)
        #expect(result.drawnLogProbs == [0, 0, 0, 0])
        #expect(result.logProbs.allSatisfy { $0 < -1 })
    }

    @Test func penaltiesAndBiasReachTheTokens() async throws {
        var plain = GenerationRequest(prompt: [65], maximumNewTokens: 60)
        plain.sampling.frequencyPenalty = 2
        plain.sampling.presencePenalty = 2
        let varied = try await engine().generate([plain])[0]
        plain.sampling = .greedy
        let repeated = try await engine().generate([plain])[0]
        #expect(Set(varied.tokens).count > Set(repeated.tokens).count)
        plain.sampling.logitBias = [77: 100]
        let biased = try await engine().generate([plain])[0]
        #expect(biased.tokens.allSatisfy { $0 == 77 })
    }

    @Test func aFormatThatCannotBeHeldIsNamed() async throws {
        let good = request(nil, seed: 1)
        func message(_ bad: GenerationRequest) async -> String {
            let error = await #expect(throws: InferenceError.self) { try await engine().generate([good, bad]) }
            return error.map { "\($0)" } ?? ""
        }
        #expect(await message(request(.regex("("), seed: 1)).hasPrefix("request 1: the format's regex has '('"))
        #expect(await message(request(.jsonSchema(#"{"not":{}}"#), seed: 1)).contains("schema at # has \"not\""))
        var stopped = request(.regex("a"), seed: 1)
        stopped.stopTexts = ["a"]
        #expect(await message(stopped).contains("goes with neither stop texts nor the calculator"))
    }
}
