import HoneGrammar
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer

/// The same requests with drafts and without.
struct DraftMeasurement {
    /// What answers are made of.
    enum Task: String, CaseIterable {
        /// A text of the prompt, with every 24th byte another; held to it by a format, since the weights are random.
        case copying = "copying, every 24th token changed"
        /// Drawn from random weights: next to nothing comes twice.
        case free = "nothing to copy"
    }

    private let plain: TextGenerator
    private let drafting: TextGenerator
    private let requests: [GenerationRequest]

    private static let length = 160

    init(_ shape: ModelConfiguration, _ precision: LayerPrecision, _ task: Task, batch: Int, draftedRowCount: Int) {
        let model = CausalLanguageModel(shape, generator: Generator(seed: 1))
        func generator(_ rowCount: Int) -> TextGenerator {
            var limits = GenerationLimits()
            limits.batchSize = batch
            limits.draftedRowCount = rowCount
            return TextGenerator(
                model: model, tokenizer: BytesOfMany(), endTokens: [0], limits: limits,
                precision: PrecisionPlan(precision))
        }
        plain = generator(0)
        drafting = generator(draftedRowCount)
        requests = (0..<batch).map { Self.request(task, seed: UInt64($0)) }
    }

    private static func request(_ task: Task, seed: UInt64) -> GenerationRequest {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func letter() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(97 + (state >> 33) % 26)
        }
        let text = (0..<length).map { _ in letter() }
        var request = GenerationRequest(
            prompt: text.map(Int32.init), maximumNewTokens: length, sampling: SamplingParameters(temperature: 1))
        request.sampling.seed = seed
        if task == .copying {
            let changed = text.enumerated().map { $0.offset % 24 == 23 ? UInt8(65) : $0.element }
            request.format = .regex(String(decoding: changed, as: UTF8.self))
        }
        return request
    }

    /// Tokens per second, and how many a step brought.
    func run(drafts: Bool) throws -> (rate: Double, tokensPerStep: Double) {
        let (clock, generator) = (ContinuousClock(), drafts ? drafting : plain)
        var stepCount = 0
        let start = clock.now
        let results = try generator.generate(requests, onStep: { _ in stepCount += 1 })
        let tokenCount = Double(results.reduce(0) { $0 + $1.tokens.count })
        return (tokenCount / ((clock.now - start) / Duration.seconds(1)), tokenCount / Double(stepCount))
    }

    /// Whether the answers are the same to the bit.
    func isExact() throws -> Bool { try drafting.generate(requests) == plain.generate(requests) }
}

/// Bytes, in a vocabulary as large as that of language models.
private struct BytesOfMany: Tokenizer {
    let vocabularySize = DraftSuite.vocabularySize
    let endOfTextID: Int32 = 0
    let paddingID: Int32 = 1

    func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] { text.utf8.map(Int32.init) }

    func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] { (2..<256).contains(id) ? [UInt8(id)] : [] }
}
