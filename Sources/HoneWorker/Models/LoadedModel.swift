import Foundation
import HoneConcurrency
import HoneGrammar
public import HoneInference
import HoneModel
public import HoneTokenizer

/// A model ready to answer: its engine and the tokenizer that it was trained with.
public struct LoadedModel: Sendable {
    public let engine: GenerationEngine
    public let tokenizer: BytePairTokenizer
    /// The checkpoint that it is; nil if it was read from a directory of somebody else's.
    public let checkpoint: Int64?
    private let defaults: GenerationDefaults
    /// How conversations are laid out; an error for a template that cannot be followed, nil where there is none.
    private let chat: Result<ChatTemplate?, any Error>

    /// Reads a directory in the Hugging Face form; `threads` work inside one operator.
    public static func load(
        directory: String, checkpoint: Int64? = nil, limits: GenerationLimits = GenerationLimits(), threads: Int
    ) async throws -> LoadedModel {
        try await offload {
            Result {
                let model = try CausalLanguageModel.load(directory: directory)
                let defaults = try GenerationDefaults.read(directory: directory)
                let tokenizer = try BytePairTokenizer(
                    directory: directory, endToken: model.configuration.eosTokenIDs.first.map(Int32.init) ?? -1)
                let engine = GenerationEngine(
                    model: model, tokenizer: tokenizer, endTokens: defaults.endTokens, limits: limits,
                    threads: threads)
                return LoadedModel(
                    engine: engine, tokenizer: tokenizer, checkpoint: checkpoint, defaults: defaults,
                    chat: Result { try ChatTemplate(directory: directory) })
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
        sampling: SamplingParameters = .greedy, stopTexts: [String] = [], format: AnswerFormat? = nil
    ) throws -> GenerationRequest {
        let laidOut = try messages.flatMap { try tokens(of: $0) } ?? tokens(of: prompt)
        return GenerationRequest(
            prompt: laidOut, maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts,
            format: format, usesCalculator: defaults.usesCalculator && format == nil)
    }

    /// A model of Hone's own was trained with its layout; any other gets the text as it is.
    private func tokens(of prompt: String) throws -> [Int32] {
        switch defaults.layout {
        case .steps where checkpoint == nil && defaults.statedLayout == nil, .text:
            return tokenizer.prefixTokens + tokenizer.encode(prompt)
        case .steps, .equation:
            return tokenizer.encode(defaults.layout.prompt(prompt))
        case .chat:
            guard let tokens = try tokens(of: [ChatMessage(role: "user", content: prompt)]) else {
                throw WorkerError.file(
                    path: GenerationDefaults.fileName, line: nil,
                    fault: "says that the model answers in turns, and it has no chat template")
            }
            return tokens
        }
    }

    /// Nil where the model has no template. The template's own text holds the special tokens, also the first.
    private func tokens(of messages: [ChatMessage]) throws -> [Int32]? {
        try chat.get().map { try tokenizer.encode(messages, with: $0) }
    }

    /// Answers prompts, and works out what the model leaves to the calculator.
    ///
    /// - Parameters:
    ///   - requests: as ``request(_:else:maximumNewTokens:sampling:stopTexts:format:)`` made them, with their prompts
    ///   - isWanted: asked between steps; a request that is not wanted any more is dropped
    /// - Returns: one result per request, its text in the form of steps and an answer where it says as much,
    ///   or in the request's own
    /// - Throws: what the engine throws
    func answer(
        _ requests: [(prompt: String, request: GenerationRequest)],
        isWanted: @Sendable (_ request: Int) -> Bool = { _ in true }
    ) async throws -> [GenerationResult] {
        var results = try await engine.generate(requests.map(\.request), isWanted: isWanted)
        for index in results.indices where requests[index].request.format == nil {
            results[index].text = defaults.layout.solution(results[index].text, of: requests[index].prompt)
        }
        return results
    }
}
