import Foundation
import HoneConcurrency
public import HoneInference
import HoneModel
public import HoneTokenizer

/// A model ready to answer: its engine and how its prompts are laid out.
public struct LoadedModel: Sendable {
    public let engine: GenerationEngine
    /// The checkpoint that it is; nil if it was read from a directory of somebody else's.
    public let checkpoint: Int64?
    let layout: PromptLayout

    /// What the model was trained with.
    public var tokenizer: BytePairTokenizer { layout.tokenizer }

    /// Reads a directory in the Hugging Face form; `threads` work inside one operator.
    public static func load(
        directory: String, checkpoint: Int64? = nil, limits: GenerationLimits = GenerationLimits(), threads: Int
    ) async throws -> LoadedModel {
        try await offload {
            Result {
                let model = try CausalLanguageModel.load(directory: directory)
                let layout = try PromptLayout(
                    directory: directory, configuration: model.configuration, isOwn: checkpoint != nil)
                let engine = GenerationEngine(
                    model: model, tokenizer: layout.tokenizer, endTokens: layout.defaults.endTokens, limits: limits,
                    threads: threads)
                return LoadedModel(engine: engine, checkpoint: checkpoint, layout: layout)
            }
        }.get()
    }

    /// The tokenizer of a directory in the Hugging Face form.
    public static func tokenizer(directory: String) throws -> any Tokenizer {
        try BytePairTokenizer(directory: directory)
    }

    /// A prompt, or a conversation in its place, as the model is to see it.
    ///
    /// - Throws: `TemplateError` where the model's chat template does not take the conversation.
    func request(
        _ messages: [ChatMessage]? = nil, else prompt: String, maximumNewTokens: Int,
        sampling: SamplingParameters = .greedy, stopTexts: [String] = []
    ) throws -> GenerationRequest {
        try layout.request(
            messages, else: prompt, maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts)
    }

    /// Answers prompts, and works out what the model leaves to the calculator.
    ///
    /// - Parameters:
    ///   - requests: as ``request(_:else:maximumNewTokens:sampling:stopTexts:)`` made them, with their prompts
    ///   - isWanted: asked between steps; a request that is not wanted any more is dropped
    /// - Returns: one result per request, its text in the form of steps and an answer where it says as much
    /// - Throws: what the engine throws
    func answer(
        _ requests: [(prompt: String, request: GenerationRequest)],
        isWanted: @Sendable (_ request: Int) -> Bool = { _ in true }
    ) async throws -> [GenerationResult] {
        var results = try await engine.generate(requests.map(\.request), isWanted: isWanted)
        for index in results.indices {
            results[index].text = layout.solution(results[index].text, of: requests[index].prompt)
        }
        return results
    }
}
