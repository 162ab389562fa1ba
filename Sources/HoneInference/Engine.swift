public import HoneGrammar
public import HoneTokenizer

/// What answers requests: a model in this process, or servers elsewhere.
///
/// A request that cannot be answered fails alone; the others of the call are answered.
public protocol Engine: Sendable {
    /// Tokens of the longest sequence that the model reads; nil where only the server knows.
    var longestSequence: Int? { get }

    /// Whether the engine takes a prompt in this form.
    func accepts(_ prompt: EnginePrompt) -> Bool

    /// Throws for a request that cannot be answered whatever the others are, before anything is computed for it.
    func check(_ request: EngineRequest) throws(EngineFailure)

    /// Continues every prompt.
    ///
    /// - Parameters:
    ///   - requests: any number; the engine's own limits decide how many run at a time.
    ///   - isWanted: asked while requests run, by their positions; one that is not wanted any more is dropped, and what
    ///     comes of it has no meaning.
    /// - Returns: one outcome per request, in their order.
    /// - Throws: what ends the whole call, such as `CancellationError`.
    func outcomes(
        of requests: [EngineRequest], isWanted: @escaping @Sendable (_ request: Int) -> Bool
    ) async throws -> [EngineOutcome]
}

extension Engine {
    /// Continues every prompt, all of them wanted to the end.
    public func outcomes(of requests: [EngineRequest]) async throws -> [EngineOutcome] {
        try await outcomes(of: requests) { _ in true }
    }
}

/// What came of one request.
public typealias EngineOutcome = Result<EngineAnswer, EngineFailure>

/// What is to be continued, in the form that the caller has it.
public enum EnginePrompt: Sendable, Equatable {
    /// Tokens of the very tokenizer that the model was trained with: the form that no server reads in another way.
    case tokens([Int32])
    /// For servers that keep the tokenizer to themselves.
    case text(String)
    /// A conversation, for servers that keep the chat template to themselves.
    case messages([ChatMessage])
}

/// One prompt and how it is to be continued.
public struct EngineRequest: Sendable, Equatable {
    public var prompt: EnginePrompt
    /// At most so many tokens are generated.
    public var maximumNewTokens: Int
    public var sampling: SamplingParameters
    /// Generation ends before the first of these texts.
    public var stopTexts: [String]
    /// What every answer is.
    public var format: AnswerFormat?
    /// Whether the values of equations are calculated instead of generated, which only a model in this process can.
    public var usesCalculator: Bool

    public init(
        prompt: EnginePrompt, maximumNewTokens: Int, sampling: SamplingParameters = .greedy, stopTexts: [String] = [],
        format: AnswerFormat? = nil, usesCalculator: Bool = false
    ) {
        self.prompt = prompt
        self.maximumNewTokens = maximumNewTokens
        self.sampling = sampling
        self.stopTexts = stopTexts
        self.format = format
        self.usesCalculator = usesCalculator
    }

    public init(_ request: GenerationRequest) {
        self.init(
            prompt: .tokens(request.prompt), maximumNewTokens: request.maximumNewTokens, sampling: request.sampling,
            stopTexts: request.stopTexts, format: request.format, usesCalculator: request.usesCalculator)
    }

    /// The request for a model in this process; nil where the prompt has not been turned into tokens.
    public var generation: GenerationRequest? {
        guard case .tokens(let tokens) = prompt else { return nil }
        return GenerationRequest(
            prompt: tokens, maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts,
            format: format, usesCalculator: usesCalculator)
    }
}

/// An answer, and what is known of where it comes from.
public struct EngineAnswer: Sendable, Equatable {
    /// Tokens and log-probabilities are empty where the server gave none.
    public var result: GenerationResult
    /// Tokens of the prompt, as the engine counted them; nil where it did not say.
    public var promptTokenCount: Int?
    /// Which weights wrote which tokens, without gaps; empty where the server does not say.
    public var weights: [VersionSpan]
    /// Whether `result.tokens` are the tokens that the model wrote. Where they are not, the text can be shown and
    /// judged, but nothing may be trained on tokens that somebody else would make of it.
    public var hasTokens: Bool
    /// The way that the answer came; nil where nobody asked for any but the deep path.
    public var route: RouteRecord?

    public init(
        result: GenerationResult, promptTokenCount: Int? = nil, weights: [VersionSpan] = [], hasTokens: Bool = true,
        route: RouteRecord? = nil
    ) {
        self.result = result
        self.promptTokenCount = promptTokenCount
        self.weights = weights
        self.hasTokens = hasTokens
        self.route = route
    }

    /// Whether the weights were exchanged while this was written.
    public var isSkewed: Bool { Set(weights.map(\.version)).count > 1 }
}

/// Tokens of one answer that the same weights wrote.
public struct VersionSpan: Sendable, Equatable {
    /// What the server calls the weights.
    public let version: String
    /// Positions in the answer.
    public var tokens: Range<Int>

    public init(version: String, tokens: Range<Int>) {
        self.version = version
        self.tokens = tokens
    }
}

/// Why a request got no answer, told apart by what its caller should do.
public enum EngineFailure: Error, Sendable, Equatable {
    /// The request itself cannot be answered, now or later.
    case rejected(String)
    /// Something went wrong with this request that may not happen again.
    case failed(String)
    /// The engine is lost or has no room, which is not the request's fault.
    case unavailable(String, retryAfter: Duration)
    /// The answer was broken off by somebody who stopped the server's work, such as for new weights.
    case aborted(String)
}

extension EngineFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .rejected(let reason), .failed(let reason), .unavailable(let reason, _), .aborted(let reason): reason
        }
    }
}

// MARK: - The model in this process

extension GenerationEngine: Engine {
    public nonisolated var longestSequence: Int? { contextLength }

    public nonisolated func accepts(_ prompt: EnginePrompt) -> Bool {
        if case .tokens = prompt { true } else { false }
    }

    public nonisolated func check(_ request: EngineRequest) throws(EngineFailure) {
        guard let generation = request.generation else {
            throw .rejected("a model in this process reads tokens, and the prompt is text")
        }
        do throws(InferenceError) {
            try check(generation)
        } catch {
            throw .rejected("\(error)")
        }
    }

    public nonisolated func outcomes(
        of requests: [EngineRequest], isWanted: @escaping @Sendable (_ request: Int) -> Bool
    ) async throws -> [EngineOutcome] {
        var outcomes = [EngineOutcome?](repeating: nil, count: requests.count)
        var asked: [(place: Int, request: GenerationRequest)] = []
        for (place, request) in requests.enumerated() {
            do throws(EngineFailure) {
                try check(request)
                if let generation = request.generation { asked.append((place, generation)) }
            } catch {
                outcomes[place] = .failure(error)
            }
        }
        let places = asked.map(\.place)
        let results = try await generate(asked.map(\.request), isWanted: { isWanted(places[$0]) })
        for (item, result) in zip(asked, results) {
            outcomes[item.place] = .success(EngineAnswer(result: result, promptTokenCount: item.request.prompt.count))
        }
        return outcomes.map { $0 ?? .failure(.failed("the engine gave no answer")) }
    }
}
