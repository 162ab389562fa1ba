internal import HoneConcurrency
internal import HoneGrammar
public import HoneModel
public import HoneTensor
public import HoneTokenizer

/// Generates text with one model, on a thread of its own.
///
/// Requests are decoded together, also those of several callers: a call joins the others between two steps, so that
/// one call's last rows leave no places empty. What a request is answered does not depend on the others: where
/// the row engine computes, tokens and log-probabilities have the same bits, else the tokens are the same and
/// log-probabilities agree to rounding.
public actor GenerationEngine {
    private let executor: BlockingExecutor
    /// Answers by more than one path, where the model has them.
    let routed: RoutedGenerator
    private let limits: GenerationLimits
    private let formats: FormatLibrary
    /// What answers calls together, where the row engine computes.
    var shared: SharedLoop?
    /// Where calls wait to join; nil where they are answered one by one, so that none is kept.
    private let newcomers: CallQueue?
    private let tokenizer: any Tokenizer
    private let configuration: ModelConfiguration
    private let threads: Int
    private let precision: PrecisionPlan?
    /// Where the deep path is computed.
    private let device: Device
    private let hasPaths: Bool
    private let next = NextWeights()

    /// Tokens of the longest sequence that the model reads.
    public nonisolated var contextLength: Int { configuration.maxPositionCount }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Takes over a model; `threads` work inside one step. An answer ends after one of `endTokens`; left out, after
    /// what the model's configuration and the tokenizer name. Answers name the weights by `version`; `precision` is
    /// that of the layers, nil as trained. `routing` are the model's other paths; `prepared` is the model as it
    /// computes, for one on another device, nil has it packed here.
    public init(
        model: sending CausalLanguageModel, routing: sending RoutingParts? = nil, tokenizer: any Tokenizer,
        endTokens: [Int32]? = nil, limits: GenerationLimits = GenerationLimits(), threads: Int = 1,
        precision: PrecisionPlan? = nil, prepared: PreparedModel? = nil, version: Int = 0
    ) {
        executor = BlockingExecutor(name: "generation")
        hasPaths = routing != nil
        configuration = model.configuration
        let prepared = prepared ?? PreparedModel(model, precision ?? PrecisionPlan(.float32))
        device = prepared?.device ?? .cpu
        let deep = TextGenerator(
            model: model, tokenizer: tokenizer, endTokens: endTokens, limits: limits, prepared: prepared,
            version: version, next: next)
        routed = RoutedGenerator(
            model: model, parts: routing, deep: deep, tokenizer: tokenizer, endTokens: endTokens, limits: limits)
        formats = deep.formats
        let queue = CallQueue()
        shared = deep.sharedLoop(queue)
        newcomers = shared == nil ? nil : queue
        self.tokenizer = tokenizer
        self.precision = precision
        self.limits = limits
        self.threads = threads
    }

    /// Continues every prompt.
    ///
    /// - Parameters:
    ///   - requests: any number; the limits decide how many run at a time, together with those of other calls.
    ///   - onStep: called after every step; an error that it throws ends the generation.
    ///   - isWanted: asked between steps for the requests, by their positions, that are being answered or about to be;
    ///     one that is not wanted any more is dropped, and nothing comes of it.
    /// - Returns: one result per request, in their order.
    /// - Throws: `InferenceError` for a request that cannot be answered, before any is; `CancellationError` within one
    ///   step of the task's cancellation.
    public nonisolated func generate(
        _ requests: [GenerationRequest], onStep: @escaping @Sendable (GenerationProgress) throws -> Void = { _ in },
        isWanted: @escaping @Sendable (_ request: Int) -> Bool = { _ in true }
    ) async throws -> [GenerationResult] {
        let questions = try Questions(requests, to: configuration, limits, formats, tokenizer)
        let call = GenerationCall(questions, onStep: onStep, isWanted: isWanted)
        newcomers?.append(call)
        return try await withTaskCancellationHandler {
            while true {
                if let outcome = await outcome(of: call) { return try outcome.get() }
            }
        } onCancel: {
            call.cancel()
        }
    }

    /// Takes steps until some call has ended. Whose turn it is, all calls come on; so a caller waits for its own alone.
    ///
    /// - Returns: nil where another call than this one has ended
    private func outcome(of call: GenerationCall) -> GenerationCall.Outcome? {
        useThreads()
        guard shared != nil else {
            return GenerationCall.Outcome {
                try routed.deep.generate(call.questions.requests, onStep: call.onStep, isWanted: call.isWanted)
            }
        }
        if call.outcome == nil { shared?.advance() }
        return call.outcome
    }

    func useThreads() { Threads.set(intraOp: threads) }

    /// Throws what `generate` would throw for this request, so that a bad one can be told from its neighbours.
    public nonisolated func check(_ request: GenerationRequest) throws(InferenceError) {
        try request.check(at: 0, configuration, limits)
        _ = try formats.automaton(for: request.format, of: 0)
    }

    /// Has other weights compute from the next step on, also of answers that are being written; they go on with the
    /// keys and values that they have, and say by ``GenerationResult/weightSpans`` which weights wrote what.
    ///
    /// - Returns: false where the row engine does not compute this model, its shape is another, or an exit and a router
    ///   were trained beside the weights that are there
    /// - Throws: `TensorError.libtorch` where the device has no room for both
    public nonisolated func replaceWeights(
        by model: CausalLanguageModel, version: Int
    ) throws(TensorError) -> Bool {
        guard !hasPaths, model.configuration == configuration,
            let prepared = try PreparedModel(model, precision ?? PrecisionPlan(.float32))?.on(device)
        else { return false }
        next.put(prepared, version: version)
        return true
    }
}
