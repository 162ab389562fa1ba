import HoneInference
import HoneQueue

/// A `reason` job with its payload read.
struct ReasonQuestion: Sendable {
    let job: ClaimedJob
    let payload: ReasonPayload

    private static let defaultNewTokens = 256

    /// One request per sample. Without a seed each job draws by its own number, so that a retry answers alike.
    func requests(to served: ServedModel) throws -> [EngineRequest] {
        let count = payload.samples ?? 1
        return try (0..<count).map { try request(ordinal: $0, to: served) }
    }

    private func request(ordinal: Int, to served: ServedModel) throws -> EngineRequest {
        let sampling = SamplingParameters(
            temperature: payload.temperature ?? 0, topK: payload.topK ?? 0, topP: payload.topP ?? 1,
            seed: (payload.seed ?? UInt64(bitPattern: job.id)) &+ UInt64(ordinal))
        var request = try served.request(
            payload.conversation, else: payload.question,
            maximumNewTokens: payload.maxNewTokens ?? Self.defaultNewTokens, sampling: sampling,
            stopTexts: payload.stop ?? [], format: payload.format?.format)
        if payload.truncate == true, let length = served.engine.longestSequence,
            case .tokens(let tokens) = request.prompt
        {
            let room = length - request.maximumNewTokens
            request.prompt = .tokens(Array(tokens.suffix(max(room, 1))))
        }
        return request
    }
}
