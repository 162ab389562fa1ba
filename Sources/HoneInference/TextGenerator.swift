internal import HoneGrammar
public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// Generates text on the calling thread: for a program that trains the same model in turn.
///
/// Requests that come in one call are decoded together. What a request is answered does not depend on the others: the
/// tokens are the same, and log-probabilities agree to rounding.
public struct TextGenerator {
    private let model: CausalLanguageModel
    private let tokenizer: any Tokenizer
    private let limits: GenerationLimits
    private let endTokens: Set<Int32>
    let formats: FormatLibrary

    /// An answer ends after one of `endTokens`; left out, after what the model's configuration and the tokenizer name.
    public init(
        model: CausalLanguageModel, tokenizer: any Tokenizer, endTokens: [Int32]? = nil,
        limits: GenerationLimits = GenerationLimits()
    ) {
        self.model = model
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
        let configuration = model.configuration
        let automata = try requests.enumerated().map { position, request in
            try request.check(at: position, configuration, limits)
            return try formats.automaton(for: request.format, of: position)
        }
        var results = [GenerationResult](repeating: .nothing, count: requests.count)
        var (finishedCount, tokenCount) = (0, 0)
        for group in RequestGroup.groups(requests, configuration, limits) {
            var loop = GenerationLoop(
                model: model, tokenizer: tokenizer, prefillTokenCount: limits.prefillTokenCount, requests: requests,
                automata: automata, group: group, endTokens: endTokens, device: model.parameters.first?.device ?? .cpu)
            loop.drop(unless: isWanted)
            while !loop.isDone {
                try Task.checkCancellation()
                let step = loop.advance()
                for (position, result) in step.finished { results[position] = result }
                finishedCount += step.finished.count
                tokenCount += step.tokenCount
                try onStep(
                    GenerationProgress(
                        requestCount: requests.count, finishedCount: finishedCount, tokenCount: tokenCount))
                loop.drop(unless: isWanted)
            }
        }
        return results
    }
}

extension FormatLibrary {
    /// The automaton of a request's format; `position` is the request's.
    func automaton(for format: AnswerFormat?, of position: Int) throws(InferenceError) -> FormatAutomaton? {
        guard let format else { return nil }
        do throws(FormatError) {
            return try automaton(for: format)
        } catch {
            throw .format(request: position, error)
        }
    }
}
