import HoneConcurrency
public import HoneHTTP
public import HoneInference
public import HoneTokenizer
public import Logging
import Synchronization

/// Answers with a model that servers elsewhere hold: over the OpenAI forms, or vLLM's and SGLang's endpoints of tokens.
///
/// It never makes tokens of a server's text. Where a server gives token ids, they are the answer, and a try that
/// breaks off is taken up with them by another endpoint; where it gives none, the answer says so.
public final class RemoteEngine: Engine {
    let configuration: RemoteEngineConfiguration
    private let tokenizer: (any Tokenizer)?
    private let client: HTTPClient
    private let pool: EndpointPool
    private let logger: Logger
    /// The model's name as the servers were last asked for it.
    private let resolved: Mutex<String?>

    /// - Parameters:
    ///   - configuration: the servers
    ///   - tokenizer: the model's own, where prompts go out as tokens; it turns answers into text
    ///   - client: shared by engines
    ///   - logger: is told of endpoints that fail
    public init(
        _ configuration: RemoteEngineConfiguration, tokenizer: (any Tokenizer)?, client: HTTPClient,
        logger: Logger = Logger(label: "hone.remote")
    ) {
        precondition(
            tokenizer != nil || !configuration.dialect.isOfTokens,
            "servers of the form '\(configuration.dialect.rawValue)' send tokens alone, and no tokenizer is given")
        self.configuration = configuration
        self.tokenizer = tokenizer
        self.client = client
        self.logger = logger
        pool = EndpointPool(configuration.endpoints)
        resolved = Mutex(configuration.model)
    }

    public var longestSequence: Int? { configuration.contextLength }

    public func accepts(_ prompt: EnginePrompt) -> Bool {
        configuration.dialect.accepts(prompt, usesTokenIDs: configuration.usesTokenIDs)
    }

    public func check(_ request: EngineRequest) throws(EngineFailure) {
        guard accepts(request.prompt) else {
            throw .rejected("servers of the form '\(configuration.dialect.rawValue)' do not take a prompt in this form")
        }
        if request.usesCalculator {
            throw .rejected("this model leaves its sums to the calculator, which only a worker's own engine has")
        }
        if let format = request.format { try configuration.dialect.check(format) }
        if case .tokens(let tokens) = request.prompt {
            if tokens.isEmpty { throw .rejected("the prompt has no tokens; give at least one") }
            if let contextLength = configuration.contextLength, tokens.count >= contextLength {
                throw .rejected(
                    "the prompt has \(tokens.count) tokens and the model's context \(contextLength); shorten the prompt"
                )
            }
        }
    }

    public func outcomes(
        of requests: [EngineRequest], isWanted: @escaping @Sendable (_ request: Int) -> Bool
    ) async throws -> [EngineOutcome] {
        var outcomes = [EngineOutcome?](repeating: nil, count: requests.count)
        try await withThrowingTaskGroup(of: (Int, EngineOutcome).self) { group in
            var next = 0
            for _ in 0..<min(configuration.concurrency, requests.count) {
                add(next, requests[next], to: &group, isWanted)
                next += 1
            }
            while let (place, outcome) = try await group.next() {
                outcomes[place] = outcome
                guard next < requests.count else { continue }
                add(next, requests[next], to: &group, isWanted)
                next += 1
            }
        }
        return outcomes.map { $0 ?? .failure(.failed("the engine gave no answer")) }
    }

    private func add(
        _ place: Int, _ request: EngineRequest, to group: inout ThrowingTaskGroup<(Int, EngineOutcome), any Error>,
        _ isWanted: @escaping @Sendable (Int) -> Bool
    ) {
        group.addTask { [self] in
            (place, try await whileWanted({ isWanted(place) }) { [self] in try await outcome(of: request) })
        }
    }

    /// Runs one request until nobody wants it; its connection is then closed, by which the server learns of it.
    private func whileWanted(
        _ isWanted: @escaping @Sendable () -> Bool, _ body: @escaping @Sendable () async throws -> EngineOutcome
    ) async throws -> EngineOutcome {
        if !isWanted() { return .failure(.aborted("not wanted any more")) }
        return try await withThrowingTaskGroup(of: EngineOutcome.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while isWanted() { try await pause(for: .milliseconds(100)) }
                return .failure(.aborted("not wanted any more"))
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .failure(.failed("the engine gave no answer"))
        }
    }

    // MARK: One request

    /// Tries until there is a whole answer, the request turns out to be at fault, or its patience is over.
    private func outcome(of request: EngineRequest) async throws -> EngineOutcome {
        do throws(EngineFailure) {
            try check(request)
        } catch {
            return .failure(error)
        }
        var search = RemoteSearch(patience: configuration.patience)
        var partial = PartialAnswer()
        while true {
            switch pool.take(avoiding: search.lastEndpoint) {
            case .wait(let duration, let trouble):
                guard search.mayWait(duration) else {
                    return .failure(.unavailable(trouble, retryAfter: max(duration, .seconds(1))))
                }
                try await pause(for: duration)
            case .endpoint(let index, let address):
                do {
                    defer { pool.giveBack(index) }
                    try await ask(request, at: address, streaming: search.streams, into: &partial)
                    pool.praise(index)
                    if let answer = whole(&partial, request) { return .success(answer) }
                    search.lastEndpoint = index
                    if let failure = search.failure(afterAbortOf: address) { return .failure(failure) }
                } catch let trouble as RemoteTrouble {
                    if case .cut = trouble, partial.isEmpty, search.streams {
                        search.streams = false
                    } else {
                        pool.blame(index, for: trouble)
                    }
                    logger.debug("a try at \(address) failed", metadata: ["reason": "\(trouble.reason)"])
                    search.lastEndpoint = index
                    if let failure = try await search.failure(
                        after: trouble, resolve: { try await resolve(at: address) })
                    {
                        return .failure(failure)
                    }
                }
                partial.breakOff(keeping: configuration.usesTokenIDs)
                if let answer = rescued(&partial, request) { return .success(answer) }
            }
        }
    }

    private func ask(
        _ request: EngineRequest, at address: HTTPAddress, streaming: Bool, into partial: inout PartialAnswer
    ) async throws {
        let server = server(at: address)
        let model = try await modelName(at: address)
        let before = try await checkedVersion(of: server)
        let ask = RemoteAsk(
            request: request, written: partial.tokens, model: model, usesTokenIDs: configuration.usesTokenIDs,
            streams: streaming)
        let body = try configuration.dialect.body(ask)
        guard let tokenizer else {
            // The server ends at stop texts.
            try await server.answer(configuration.dialect, body, into: &partial) { _ in false }
            return try await note(before, of: server, in: &partial)
        }
        var stop = StopWatch(request.stopTexts, tokenizer)
        for token in partial.tokens { _ = stop.append(token) }
        var seenCount = partial.tokens.count
        try await server.answer(configuration.dialect, body, into: &partial) { partial in
            defer { seenCount = partial.tokens.count }
            return partial.end(at: &stop, from: seenCount)
        }
        try await note(before, of: server, in: &partial)
    }

    private func note(_ before: String?, of server: RemoteServer, in partial: inout PartialAnswer) async throws {
        if let before {
            partial.note(before: before, after: try await server.weightVersion(configuration.dialect))
        }
    }

    /// The version that answers now, where a certain one is wanted.
    private func checkedVersion(of server: RemoteServer) async throws -> String? {
        guard let wanted = configuration.weightVersion else { return nil }
        let version = try await server.weightVersion(configuration.dialect)
        guard version == wanted else {
            throw RemoteTrouble.busy("\(server.address) answers with weights '\(version)', not '\(wanted)'", after: nil)
        }
        return version
    }

    /// An answer whose connection broke between its last token and the word that it was the last.
    private func rescued(_ partial: inout PartialAnswer, _ request: EngineRequest) -> EngineAnswer? {
        let isEnded = tokenizer.map { $0.endOfTextID == partial.tokens.last } ?? false
        guard isEnded || partial.tokens.count >= request.maximumNewTokens else { return nil }
        partial.end(isEnded ? .stop : .length)
        return whole(&partial, request)
    }

    /// Nil for an answer that was broken off on purpose.
    private func whole(_ partial: inout PartialAnswer, _ request: EngineRequest) -> EngineAnswer? {
        guard let reason = partial.finishReason, reason != .abort else { return nil }
        guard let tokenizer, partial.hasTokens, !partial.tokens.isEmpty else {
            return partial.answer(finishReason: reason)
        }
        var tokens = partial.tokens[...]
        if tokens.last == tokenizer.endOfTextID { tokens = tokens.dropLast() }
        let text = StopWatch(request.stopTexts, tokenizer).cut(tokenizer.decode(Array(tokens)))
        return partial.answer(text: text, finishReason: reason)
    }

    // MARK: The model's name

    private func modelName(at address: HTTPAddress) async throws -> String? {
        if let name = resolved.withLock({ $0 }) { return name }
        if configuration.dialect == .sglang { return nil }
        return try await resolve(at: address)
    }

    /// Asks the server what it serves, and keeps the name for the requests to come.
    @discardableResult
    private func resolve(at address: HTTPAddress) async throws -> String {
        let models = try await server(at: address).models()
        let name = configuration.model.flatMap { wanted in models.first { $0 == wanted } }
        guard let name = name ?? (configuration.model == nil && models.count == 1 ? models[0] : nil) else {
            let served = models.isEmpty ? "none" : models.joined(separator: ", ")
            throw RemoteTrouble.unknownModel(
                "\(address) does not serve \(configuration.model ?? "one model alone"); it serves \(served)")
        }
        resolved.withLock { $0 = name }
        return name
    }

    private func server(at address: HTTPAddress) -> RemoteServer {
        RemoteServer(address: address, client: client, key: configuration.key, limits: configuration.limits)
    }
}
