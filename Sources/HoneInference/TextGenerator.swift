internal import HoneGrammar
public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// Generates text on the calling thread: for a program that trains the same model in turn.
///
/// It writes with the weights as they are when it is made. Requests that come in one call are decoded together; what a
/// request is answered does not depend on the others: where the row engine computes, tokens and log-probabilities have
/// the same bits, else the tokens are the same and log-probabilities agree to rounding.
public struct TextGenerator {
    private var backend: Backend
    private let configuration: ModelConfiguration
    private let tokenizer: any Tokenizer
    private let limits: GenerationLimits
    private let endTokens: Set<Int32>
    let formats: FormatLibrary

    private enum Backend {
        case rows(ServedWeights)
        /// What the row engine does not compute, layer by layer.
        case layers(CausalLanguageModel)
    }

    /// An answer ends after one of `endTokens`; left out, after what the model's configuration and the tokenizer name.
    ///
    /// - Parameters:
    ///   - model: what writes.
    ///   - tokenizer: the model's.
    ///   - endTokens: after which an answer ends.
    ///   - limits: of rows and memory.
    ///   - precision: of the weights; nil is as trained. Ignored where the row engine does not compute.
    ///   - prepared: the model as it computes, for one on another device; nil has it packed here.
    public init(
        model: CausalLanguageModel, tokenizer: any Tokenizer, endTokens: [Int32]? = nil,
        limits: GenerationLimits = GenerationLimits(), precision: PrecisionPlan? = nil, prepared: PreparedModel? = nil
    ) {
        self.init(
            model: model, tokenizer: tokenizer, endTokens: endTokens, limits: limits,
            prepared: prepared ?? PreparedModel(model, precision ?? PrecisionPlan(.float32)), version: 0,
            next: NextWeights())
    }

    init(
        model: CausalLanguageModel, tokenizer: any Tokenizer, endTokens: [Int32]?, limits: GenerationLimits,
        prepared: PreparedModel?, version: Int, next: NextWeights
    ) {
        configuration = model.configuration
        if let prepared {
            backend = .rows(ServedWeights(prepared, version: version, limits: limits, next: next))
        } else {
            backend = .layers(model)
        }
        self.tokenizer = tokenizer
        self.limits = limits
        self.endTokens = Set(
            endTokens ?? model.configuration.eosTokenIDs.map(Int32.init) + [tokenizer.endOfTextID])
        formats = FormatLibrary(
            tokenizer, vocabularySize: model.configuration.vocabularySize, endTokens: self.endTokens)
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
        _ requests: [GenerationRequest], onStep: (GenerationProgress) throws -> Void = { _ in },
        isWanted: (_ request: Int) -> Bool = { _ in true }
    ) throws -> [GenerationResult] {
        let questions = try questions(requests)
        var run = GenerationRun(requestCount: requests.count)
        let contextLength = configuration.maxPositionCount
        switch backend {
        case .rows(let weights):
            weights.reserve(forSequencesOf: requests.lazy.map { $0.tokenCount(contextLength: contextLength) })
            var loop = rowLoop(weights)
            _ = loop.add(questions)
            defer { loop.end() }
            try run.finish(&loop, onStep: onStep, isWanted: isWanted)
        case .layers(let model):
            for group in RequestGroup.groups(requests, configuration, limits) {
                var loop = GenerationLoop(
                    model: model, tokenizer: tokenizer, prefillTokenCount: limits.prefillTokenCount,
                    questions: questions, group: group, endTokens: endTokens,
                    device: model.parameters.first?.device ?? .cpu)
                try run.finish(&loop, onStep: onStep, isWanted: isWanted)
            }
        }
        return run.results
    }

    /// The requests, each checked.
    func questions(_ requests: [GenerationRequest]) throws(InferenceError) -> Questions {
        try Questions(requests, to: configuration, limits, formats, tokenizer)
    }

    /// What answers through an exit of this generator's model, with its matrices where the row engine computes.
    func shallow(_ exit: EarlyExit, of model: CausalLanguageModel) -> TextGenerator {
        var made = self
        switch backend {
        case .rows(let weights):
            made.backend = .rows(
                ServedWeights(
                    weights.model.shallow(exit), version: weights.version, limits: limits, next: NextWeights()))
        case .layers:
            made.backend = .layers(model.shallow(exit))
        }
        return made
    }

    /// The packed model; nil where the row engine does not compute.
    var prepared: PreparedModel? {
        guard case .rows(let weights) = backend else { return nil }
        return weights.model
    }

    /// A loop for requests; nil where the row engine does not compute.
    var rowLoop: RowLoop? {
        guard case .rows(let weights) = backend else { return nil }
        return rowLoop(weights)
    }

    /// A loop for the requests of several callers; nil where the row engine does not compute.
    func sharedLoop(_ newcomers: CallQueue) -> SharedLoop? { rowLoop.map { SharedLoop($0, newcomers: newcomers) } }

    private func rowLoop(_ weights: ServedWeights) -> RowLoop {
        RowLoop(weights: weights, tokenizer: tokenizer, limits: limits, endTokens: endTokens)
    }
}
