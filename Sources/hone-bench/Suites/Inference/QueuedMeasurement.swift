import HoneInference
import HoneModel
import HoneProblems
import HoneTensor
import HoneTokenizer

/// Whether an engine that answers more and more prompts takes more and more memory: blocks of prompts, as a worker
/// claims them, through one engine with a network that costs next to nothing.
struct QueuedMeasurement {
    let requestCount: Int

    private static let early = 10_000
    private static let blockSize = 128

    func rows() async throws -> [SuiteReport.Row] {
        let shape = ModelConfiguration(
            vocabularySize: 258, hiddenSize: 32, intermediateSize: 64, layerCount: 1, headCount: 2,
            maxPositionCount: 256)
        var limits = GenerationLimits()
        limits.cacheByteCount = 32 << 20
        let engine = GenerationEngine(
            model: CausalLanguageModel(shape, generator: Generator(seed: 1)), tokenizer: ByteTokenizer(),
            endTokens: [], limits: limits)
        var random = RandomSource(seed: 5)
        var (answered, tokenCount) = (0, 0)
        var resident: [Double] = []
        while answered < requestCount {
            let requests = (0..<Self.blockSize).map { number in
                GenerationRequest(
                    prompt: (0..<random.integer(4...24)).map { _ in Int32(random.integer(0...255)) },
                    maximumNewTokens: random.integer(1...8),
                    sampling: SamplingParameters(temperature: 1, seed: UInt64(answered + number)))
            }
            tokenCount += try await engine.generate(requests).reduce(0) { $0 + $1.tokens.count }
            answered += requests.count
            if answered >= Self.early, resident.isEmpty { resident.append(try ResidentMemory.now()) }
        }
        resident.append(try ResidentMemory.now())
        return [
            SuiteReport.Row(
                name: "\(answered) prompts, \(tokenCount) tokens: resident memory", unit: "MiB",
                sample: Sample([resident[resident.count - 1]]),
                beside: .init(name: "after \(Self.early)", sample: Sample([resident[0]]))),
            SuiteReport.Row(
                name: "growth", unit: "MiB", sample: Sample([resident[resident.count - 1] - resident[0]]), beside: nil),
        ]
    }
}
