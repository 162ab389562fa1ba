import HoneTokenizer

/// One prompt that asks for one or more samples.
struct ReasonPayload: JobPayload {
    /// The question; nil where a conversation stands in its place.
    let prompt: String?
    let messages: [Message]?
    /// The model whose active checkpoint answers; may be left out while only one model is served.
    let model: String?
    /// The reference answer; without it the verdict is left out.
    let answer: String?
    let maxNewTokens: Int?
    let temperature: Double?
    let topK: Int?
    let topP: Double?
    let samples: Int?
    /// What every answer has to be.
    let format: FormatOption?
    let seed: UInt64?
    /// The answer ends before the first of these texts.
    let stop: [String]?
    let exampleID: Int64?
    /// Whether a prompt that is too long for the model loses its beginning; it is an error otherwise.
    let truncate: Bool?
    /// Milliseconds that the verifier may take for an answer, in a process of its own that is killed then; without it
    /// the exact checker judges.
    let verifierLimit: Int?
    /// By which paths of the model; all layers for every sample if left out.
    let routing: RoutingSettings?

    /// One turn of a conversation.
    struct Message: Decodable, Sendable {
        let role: String
        let content: String
    }

    /// The question as a text, for the record and for those who check the answer.
    var question: String { prompt ?? (messages ?? []).map(\.content).joined(separator: "\n") }

    var conversation: [ChatMessage]? { messages?.map { ChatMessage(role: $0.role, content: $0.content) } }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case prompt, messages, model, answer, temperature, samples, format, seed, stop, truncate, routing
        case maxNewTokens = "max_new_tokens"
        case topK = "top_k"
        case topP = "top_p"
        case exampleID = "example_id"
        case verifierLimit = "verifier_limit_ms"
    }

    func validate() throws(WorkerError) {
        try require(prompt != nil || messages != nil, .prompt, "is missing")
        try require(prompt == nil || messages == nil, .messages, "stands in the place of a prompt: give one of the two")
        try require(!question.allSatisfy(\.isWhitespace), prompt == nil ? .messages : .prompt, "is empty")
        try require((1...4096).contains(maxNewTokens ?? 1), .maxNewTokens, "must be between 1 and 4096")
        try require((0...100).contains(temperature ?? 0), .temperature, "must be between 0 (greedy) and 100")
        try require((topK ?? 0) >= 0, .topK, "must be 0 (all) or more")
        try require((topP ?? 1) > 0 && (topP ?? 1) <= 1, .topP, "must lie above 0 and up to 1")
        try require((stop ?? []).allSatisfy { !$0.isEmpty }, .stop, "has an empty text")
        try require((1...256).contains(samples ?? 1), .samples, "must be between 1 and 256")
        try require(
            (1...3_600_000).contains(verifierLimit ?? 1), .verifierLimit, "must be between 1 and 3600000")
    }
}
