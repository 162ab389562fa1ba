import HoneGrammar
import HoneInference
import HoneTokenizer

/// A model that is ready to answer, in this process or elsewhere.
struct ServedModel: Sendable {
    let name: String
    let engine: any Engine
    /// How its prompts are laid out; nil where the servers do that.
    let layout: PromptLayout?
    let weights: ServedWeights
    /// The model in this process, which alone has several paths; nil where servers answer.
    var local: LoadedModel?

    /// Told apart, where several answer the jobs of one batch.
    var share: Int64 { weights.checkpoint ?? 0 }

    /// A prompt, or a conversation in its place, in the form that the engine takes.
    ///
    /// - Throws: `TemplateError` where the model's chat template does not take the conversation, `EngineFailure` where
    ///   the servers take none.
    func request(
        _ messages: [ChatMessage]?, else prompt: String, maximumNewTokens: Int, sampling: SamplingParameters,
        stopTexts: [String], format: AnswerFormat? = nil
    ) throws -> EngineRequest {
        if let layout {
            return EngineRequest(
                try layout.request(
                    messages, else: prompt, maximumNewTokens: maximumNewTokens, sampling: sampling,
                    stopTexts: stopTexts, format: format))
        }
        let forms = [messages.map { EnginePrompt.messages($0) }, messages == nil ? .text(prompt) : nil]
        guard let form = forms.compactMap({ $0 }).first(where: { engine.accepts($0) }) else {
            throw EngineFailure.rejected(
                "the servers of model \(name) take no \(messages == nil ? "texts" : "conversations")")
        }
        return EngineRequest(
            prompt: form, maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts,
            format: format)
    }

    /// Answers prompts, and works out what the model leaves to the calculator.
    ///
    /// - Parameters:
    ///   - requests: as ``request(_:else:maximumNewTokens:sampling:stopTexts:format:)`` made them, with their prompts
    ///   - plan: by which paths; all layers for every request where nil
    ///   - isWanted: asked while they run; a request that is not wanted any more is dropped
    /// - Returns: one outcome per request, its text in the form of steps and an answer where it says as much, or in the
    ///   request's own format, and the way that it came where there was a plan
    /// - Throws: what the engine throws
    func outcomes(
        of requests: [(prompt: String, request: EngineRequest)], plan: RoutingPlan? = nil,
        isWanted: @escaping @Sendable (_ request: Int) -> Bool
    ) async throws -> [EngineOutcome] {
        if let plan { return try await routedOutcomes(of: requests, plan, isWanted: isWanted) }
        let outcomes = try await engine.outcomes(of: requests.map(\.request), isWanted: isWanted)
        return zip(requests, outcomes).map { item, outcome in
            outcome.map { answer in
                if item.request.format != nil { return answer }
                var answer = answer
                answer.result.text = layout?.solution(answer.result.text, of: item.prompt) ?? answer.result.text
                return answer
            }
        }
    }

    private func routedOutcomes(
        of requests: [(prompt: String, request: EngineRequest)], _ plan: RoutingPlan,
        isWanted: @escaping @Sendable (_ request: Int) -> Bool
    ) async throws -> [EngineOutcome] {
        let local = try routable()
        let asked = try requests.map { item in
            guard let generation = item.request.generation else {
                throw EngineFailure.rejected("a model in this process reads tokens, and the prompt is text")
            }
            return (prompt: item.prompt, request: generation)
        }
        return zip(asked, try await local.answer(asked, plan: plan, isWanted: isWanted)).map { item, answer in
            .success(
                EngineAnswer(
                    result: answer.result, promptTokenCount: item.request.prompt.count, route: answer.route))
        }
    }

    /// Throws `RoutingError` where the model cannot follow the plan, `EngineFailure` where servers answer for it.
    func check(_ plan: RoutingPlan) async throws {
        try await routable().engine.check(plan)
    }

    private func routable() throws(EngineFailure) -> LoadedModel {
        guard let local else {
            throw .rejected(
                "model \(name) is answered by servers elsewhere, which know one path; leave \"routing\" out, or have a "
                    + "worker load the model itself")
        }
        return local
    }

    /// Says which checkpoint an answer is of.
    ///
    /// - Throws: `EngineFailure` for an answer that is no whole answer of one checkpoint.
    func attribute(_ answer: EngineAnswer) async throws -> AttributedAnswer {
        let result = answer.result
        if result.finishReason == .error {
            throw EngineFailure.rejected(
                "checkpoint \(weights.checkpoint ?? 0) of model \(name) computed logits that are no numbers at token "
                    + "\(result.tokens.count) of the answer; its weights are broken, its sums run over on this "
                    + "prompt, or the answer's format took more room than an engine spends on one")
        }
        if answer.isSkewed {
            let versions = answer.weights.map(\.version).joined(separator: ", then ")
            throw EngineFailure.aborted("the weights were exchanged while the answer was written: \(versions)")
        }
        switch weights {
        case .loaded(let checkpoint): return AttributedAnswer(answer: answer, checkpoint: checkpoint)
        case .handedOver(let checkpoint):
            guard answer.weights.first?.version == "\(checkpoint)" else {
                throw EngineFailure.aborted(
                    "weights '\(answer.weights.first?.version ?? "unknown")' answered, not checkpoint \(checkpoint)")
            }
            return AttributedAnswer(answer: answer, checkpoint: checkpoint)
        case .servers(let models):
            let checkpoint = try await models.checkpoint(of: name, version: answer.weights.first?.version)
            return AttributedAnswer(answer: answer, checkpoint: checkpoint)
        }
    }
}

/// Whose weights answer.
enum ServedWeights: Sendable {
    /// Those of a checkpoint, in this process.
    case loaded(Int64)
    /// Those of a checkpoint, which servers were given and call by its number.
    case handedOver(Int64)
    /// The servers' own, by the versions that they name.
    case servers(RemoteModels)

    var checkpoint: Int64? {
        switch self {
        case .loaded(let checkpoint), .handedOver(let checkpoint): checkpoint
        case .servers: nil
        }
    }
}

/// An answer and the checkpoint that it is of.
struct AttributedAnswer: Sendable {
    let answer: EngineAnswer
    let checkpoint: Int64
}
