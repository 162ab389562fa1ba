import Foundation
import HoneCatalog
import HoneConcurrency
import HoneGrammar
public import HoneInference
import HoneModel
public import HoneTensor
public import HoneTokenizer

/// A model ready to answer: its engine and how its prompts are laid out.
public struct LoadedModel: Sendable {
    public let engine: GenerationEngine
    /// The checkpoint that it is; nil if it was read from a directory of somebody else's.
    public let checkpoint: Int64?
    let layout: PromptLayout
    private let configuration: ModelConfiguration

    /// What the model was trained with.
    public var tokenizer: BytePairTokenizer { layout.tokenizer }

    /// Reads a directory in the Hugging Face form; `threads` work inside one operator. A checkpoint of Hone's `isOwn`
    /// also where its number is left out: it was trained with a layout, which its files need not state. A `device`
    /// other than the CPU computes the deep path alone.
    ///
    /// - Throws: also `TensorError.libtorch` where the device cannot be used or has no room, and
    ///   `ModelError.notComputed` for a model that only the CPU computes.
    public static func load(
        directory: String, checkpoint: Int64? = nil, isOwn: Bool = false,
        limits: GenerationLimits = GenerationLimits(), threads: Int, device: Device = .cpu
    ) async throws -> LoadedModel {
        try await offload {
            Result {
                let model = try CausalLanguageModel.served(directory: directory)
                let configuration = model.configuration
                let layout = try PromptLayout(
                    directory: directory, configuration: configuration, isOwn: isOwn || checkpoint != nil)
                // Other paths than the deep one are the processor's.
                let routing =
                    device == .cpu ? try RoutingParts.read(directory: directory, for: configuration) : nil
                let prepared = try model.prepared(on: device, reserving: limits.cacheByteCount)
                let engine = GenerationEngine(
                    model: model, routing: routing, tokenizer: layout.tokenizer, endTokens: layout.defaults.endTokens,
                    limits: limits, threads: threads, prepared: prepared)
                return LoadedModel(
                    engine: engine, checkpoint: checkpoint, layout: layout, configuration: configuration)
            }
        }.get()
    }

    /// The same model by the weights of another file, in an engine of its own.
    func with(
        weights path: String, limits: GenerationLimits, threads: Int
    ) async throws -> LoadedModel {
        try await offload {
            Result {
                let engine = GenerationEngine(
                    model: try CausalLanguageModel.served(weights: path, configuration: configuration),
                    tokenizer: layout.tokenizer, endTokens: layout.defaults.endTokens, limits: limits,
                    threads: threads)
                return LoadedModel(engine: engine, checkpoint: nil, layout: layout, configuration: configuration)
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
        try layout.request(
            messages, else: prompt, maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts,
            format: format)
    }

    /// What the model is to write for an example; nil where its layout has no way to say it.
    func completion(of example: CutExample) -> String? {
        layout.defaults.layout.completion(of: example)
    }

    /// Answers prompts, and works out what the model leaves to the calculator.
    ///
    /// - Parameters:
    ///   - requests: as ``request(_:else:maximumNewTokens:sampling:stopTexts:format:)`` made them, with their prompts
    ///   - plan: by which paths; all layers for every request where nil
    ///   - isWanted: asked between steps; a request that is not wanted any more is dropped
    /// - Returns: one result per request, its text in the form of steps and an answer where it says as much, or in the
    ///   request's own format, and the way that it came where there was a plan
    /// - Throws: what the engine throws
    func answer(
        _ requests: [(prompt: String, request: GenerationRequest)], plan: RoutingPlan? = nil,
        isWanted: @escaping @Sendable (_ request: Int) -> Bool = { _ in true }
    ) async throws -> [RoutedAnswer] {
        let prompts = requests.map(\.prompt)
        let formats = requests.map(\.request.format)
        let layout = layout
        var answers: [RoutedAnswer]
        if let plan {
            let vote = { @Sendable (request: Int, results: [GenerationResult]) in
                SearchVote.choose(
                    among: results.map {
                        formats[request] == nil ? layout.solution($0.text, of: prompts[request]) : $0.text
                    })
            }
            answers = try await engine.generate(
                requests.map(\.request), plan: plan, vote: vote, isWanted: isWanted
            ).map { RoutedAnswer(result: $0.result, route: $0.route) }
        } else {
            answers = try await engine.generate(requests.map(\.request), isWanted: isWanted)
                .map { RoutedAnswer(result: $0, route: nil) }
        }
        for index in answers.indices where formats[index] == nil {
            answers[index].result.text = layout.solution(answers[index].result.text, of: prompts[index])
        }
        return answers
    }
}
