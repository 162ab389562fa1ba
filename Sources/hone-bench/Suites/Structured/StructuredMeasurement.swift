import HoneGrammar
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer

/// The same requests with and without formats, on one engine.
///
/// An engine begins with the answers that may become the longest. What it is told of free answers' lengths it cannot
/// know of answers in formats; so these are asked for in that order, and both sides have the same rows in every step.
final class StructuredMeasurement {
    struct Answer: Encodable {
        let regex: String?
        let schema: String?
        let text: String
    }

    /// Tokens per second of the run that first met the formats.
    let firstRun: Double
    let wholeAnswers: [Answer]
    /// Answers that the limit of tokens cut.
    let cutCount: Int
    private let engine: GenerationEngine
    private let requests: [GenerationRequest]
    /// With the lengths that the answers in formats had, and without the end token.
    private let freeRequests: [GenerationRequest]
    private let freeEngine: GenerationEngine

    init(_ shape: ModelConfiguration, requestCount: Int, batch: Int, threads: Int) async throws {
        let tokenizer = WordPieces()
        var limits = GenerationLimits()
        limits.batchSize = batch
        engine = GenerationEngine(
            model: CausalLanguageModel(shape, generator: Generator(seed: 1)), tokenizer: tokenizer, limits: limits,
            threads: threads)
        freeEngine = GenerationEngine(
            model: CausalLanguageModel(shape, generator: Generator(seed: 1)), tokenizer: tokenizer, endTokens: [],
            limits: limits, threads: threads)
        let formats = StructuredFormats.all.map(\.format)
        let asked = (0..<requestCount).map { number in
            GenerationRequest(
                prompt: (0..<32).map { Int32((number * 131 + $0 * 17) % 30_000) }, maximumNewTokens: 400,
                sampling: SamplingParameters(temperature: 1, seed: UInt64(number)),
                format: formats[number % formats.count])
        }
        let (results, rate) = try await Self.measure(engine, asked)
        firstRun = rate
        cutCount = results.count { $0.finishReason != .stop }
        let answered = zip(asked, results).sorted { $0.1.tokens.count > $1.1.tokens.count }
        requests = answered.map(\.0)
        wholeAnswers = answered.filter { $0.1.finishReason == .stop }.map { request, result in
            switch request.format {
            case .regex(let pattern): Answer(regex: pattern, schema: nil, text: result.text)
            case .jsonSchema(let schema): Answer(regex: nil, schema: schema, text: result.text)
            case nil: Answer(regex: nil, schema: nil, text: result.text)
            }
        }
        freeRequests = answered.map { request, result in
            var request = request
            request.format = nil
            request.maximumNewTokens = max(result.tokens.count, 1)
            return request
        }
    }

    func tokensPerSecond(inFormats: Bool) async throws -> Double {
        try await Self.measure(inFormats ? engine : freeEngine, inFormats ? requests : freeRequests).rate
    }

    private static func measure(
        _ engine: GenerationEngine, _ requests: [GenerationRequest]
    ) async throws -> (results: [GenerationResult], rate: Double) {
        let clock = ContinuousClock()
        let start = clock.now
        let results = try await engine.generate(requests)
        let elapsed = (clock.now - start) / Duration.seconds(1)
        return (results, Double(results.reduce(0) { $0 + $1.tokens.count }) / elapsed)
    }
}
