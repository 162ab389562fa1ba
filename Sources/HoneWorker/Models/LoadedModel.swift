import Foundation
import HoneCatalog
import HoneConcurrency
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
                let model = try CausalLanguageModel.served(directory: directory)
                let defaults = try GenerationDefaults.read(directory: directory)
                let tokenizer = try BytePairTokenizer(
                    directory: directory, endToken: model.configuration.eosTokenIDs.first.map(Int32.init) ?? -1)
                let routing = try RoutingParts.read(directory: directory, for: model.configuration)
                let engine = GenerationEngine(
                    model: model, routing: routing, tokenizer: tokenizer, endTokens: defaults.endTokens,
                    limits: limits, threads: threads)
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
        sampling: SamplingParameters = .greedy, stopTexts: [String] = []
    ) throws -> GenerationRequest {
        let laidOut = try messages.flatMap { try tokens(of: $0) } ?? tokens(of: prompt)
        return GenerationRequest(
            prompt: laidOut, maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts,
            usesCalculator: defaults.usesCalculator)
    }

    /// What the model is to write for an example; nil where its layout has no way to say it.
    func completion(of example: CutExample) -> String? { defaults.layout.completion(of: example) }

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
    ///   - requests: as ``request(_:else:maximumNewTokens:sampling:stopTexts:)`` made them, with their prompts
    ///   - plan: by which paths; all layers for every request where nil
    ///   - isWanted: asked between steps; a request that is not wanted any more is dropped
    /// - Returns: one result per request, its text in the form of steps and an answer where it says as much, and the
    ///   way that it came where there was a plan
    /// - Throws: what the engine throws
    func answer(
        _ requests: [(prompt: String, request: GenerationRequest)], plan: RoutingPlan? = nil,
        isWanted: @Sendable (_ request: Int) -> Bool = { _ in true }
    ) async throws -> [RoutedAnswer] {
        let prompts = requests.map(\.prompt)
        let layout = defaults.layout
        var answers: [RoutedAnswer]
        if let plan {
            let vote = { @Sendable (request: Int, results: [GenerationResult]) in
                SearchVote.choose(among: results.map { layout.solution($0.text, of: prompts[request]) })
            }
            answers = try await engine.generate(
                requests.map(\.request), plan: plan, vote: vote, isWanted: isWanted
            ).map { RoutedAnswer(result: $0.result, route: $0.route) }
        } else {
            answers = try await engine.generate(requests.map(\.request), isWanted: isWanted)
                .map { RoutedAnswer(result: $0, route: nil) }
        }
        for index in answers.indices {
            answers[index].result.text = layout.solution(answers[index].result.text, of: prompts[index])
        }
        return answers
    }
}
