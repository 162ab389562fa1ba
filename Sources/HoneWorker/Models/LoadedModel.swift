import Foundation
import HoneConcurrency
public import HoneInference
import HoneModel
public import HoneTokenizer

/// A model ready to answer: its engine and the tokenizer that it was trained with.
public struct LoadedModel: Sendable {
    public let engine: GenerationEngine
    public let tokenizer: any Tokenizer
    /// The checkpoint that it is; nil if it was read from a directory of somebody else's.
    public let checkpoint: Int64?
    private let defaults: GenerationDefaults

    /// Reads a directory in the Hugging Face form; `threads` work inside one operator.
    public static func load(
        directory: String, checkpoint: Int64? = nil, limits: GenerationLimits = GenerationLimits(), threads: Int
    ) async throws -> LoadedModel {
        try await offload {
            Result {
                let tokenizer = try tokenizer(directory: directory)
                let engine = GenerationEngine(
                    model: try CausalLanguageModel.load(directory: directory), tokenizer: tokenizer, limits: limits,
                    threads: threads)
                return LoadedModel(
                    engine: engine, tokenizer: tokenizer, checkpoint: checkpoint,
                    defaults: try GenerationDefaults.read(directory: directory))
            }
        }.get()
    }

    /// The tokenizer of a directory in the Hugging Face form.
    public static func tokenizer(directory: String) throws -> ByteTokenizer {
        try ByteTokenizer(contentsOf: directory + "/tokenizer.json")
    }

    /// A prompt as the model is to see it. A model of Hone's own was trained with its layout; any other gets the text
    /// as it is.
    func request(
        _ prompt: String, maximumNewTokens: Int, sampling: SamplingParameters = .greedy, stopTexts: [String] = []
    ) -> GenerationRequest {
        let isForeign = checkpoint == nil && defaults.layout == .steps
        return GenerationRequest(
            prompt: tokenizer.encode(isForeign ? prompt : defaults.layout.prompt(prompt)),
            maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts,
            usesCalculator: defaults.usesCalculator)
    }

    /// Answers prompts, and works out what the model leaves to the calculator.
    ///
    /// - Parameters:
    ///   - requests: as ``request(_:maximumNewTokens:sampling:stopTexts:)`` made them, with their prompts
    ///   - isWanted: asked between steps; a request that is not wanted any more is dropped
    /// - Returns: one result per request, its text in the form of steps and an answer where it says as much
    /// - Throws: what the engine throws
    func answer(
        _ requests: [(prompt: String, request: GenerationRequest)],
        isWanted: @Sendable (_ request: Int) -> Bool = { _ in true }
    ) async throws -> [GenerationResult] {
        var results = try await engine.generate(requests.map(\.request), isWanted: isWanted)
        for index in results.indices {
            results[index].text = defaults.layout.solution(results[index].text, of: requests[index].prompt)
        }
        return results
    }
}
