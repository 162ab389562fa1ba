internal import HoneConcurrency
internal import HoneGrammar
public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// Generates text with one model, on a thread of its own.
///
/// Requests that come in one call are decoded together. What a request is answered does not depend on the others: the
/// tokens are the same, and log-probabilities agree to rounding.
public actor GenerationEngine {
    private let executor: BlockingExecutor
    private let generator: TextGenerator
    private let limits: GenerationLimits
    private let formats: FormatLibrary
    private let configuration: ModelConfiguration
    private let threads: Int

    /// Tokens of the longest sequence that the model reads.
    public nonisolated var contextLength: Int { configuration.maxPositionCount }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Takes over a model; `threads` work inside one operator. An answer ends after one of `endTokens`; left out, after
    /// what the model's configuration and the tokenizer name.
    public init(
        model: sending CausalLanguageModel, tokenizer: any Tokenizer, endTokens: [Int32]? = nil,
        limits: GenerationLimits = GenerationLimits(), threads: Int = 1
    ) {
        executor = BlockingExecutor(name: "generation")
        configuration = model.configuration
        let generator = TextGenerator(model: model, tokenizer: tokenizer, endTokens: endTokens, limits: limits)
        formats = generator.formats
        self.generator = generator
        self.limits = limits
        self.threads = threads
    }

    /// Continues every prompt.
    ///
    /// - Parameters:
    ///   - requests: any number; the limits decide how many run at a time.
    ///   - onStep: called after every step; an error that it throws ends the generation.
    ///   - isWanted: asked between steps for the requests, by their positions, that are being answered or about to be;
    ///     one that is not wanted any more is dropped, and nothing comes of it.
    /// - Returns: one result per request, in their order.
    /// - Throws: `InferenceError` for a request that cannot be answered, before any is; `CancellationError` within one
    ///   step of the task's cancellation.
    public func generate(
        _ requests: [GenerationRequest], onStep: @Sendable (GenerationProgress) throws -> Void = { _ in },
        isWanted: @Sendable (_ request: Int) -> Bool = { _ in true }
    ) throws -> [GenerationResult] {
        Threads.set(intraOp: threads)
        return try generator.generate(requests, onStep: onStep, isWanted: isWanted)
    }

    /// Throws what `generate` would throw for this request, so that a bad one can be told from its neighbours.
    public nonisolated func check(_ request: GenerationRequest) throws(InferenceError) {
        try request.check(at: 0, configuration, limits)
        _ = try formats.automaton(for: request.format, of: 0)
    }
}
