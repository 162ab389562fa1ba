/// One prompt that asks for one or more samples.
struct ReasonPayload: JobPayload {
    let prompt: String
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
    let exampleID: Int64?
    /// Whether a prompt that is too long for the model loses its beginning; it is an error otherwise.
    let truncate: Bool?
    /// Milliseconds that the verifier may take for an answer, in a process of its own that is killed then; without it
    /// the exact checker judges.
    let verifierLimit: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case prompt, model, answer, temperature, samples, format, seed, truncate
        case maxNewTokens = "max_new_tokens"
        case topK = "top_k"
        case topP = "top_p"
        case exampleID = "example_id"
        case verifierLimit = "verifier_limit_ms"
    }

    func validate() throws(WorkerError) {
        try require(!prompt.allSatisfy(\.isWhitespace), .prompt, "is empty")
        try require((1...4096).contains(maxNewTokens ?? 1), .maxNewTokens, "must be between 1 and 4096")
        try require((0...100).contains(temperature ?? 0), .temperature, "must be between 0 (greedy) and 100")
        try require((topK ?? 0) >= 0, .topK, "must be 0 (all) or more")
        try require((topP ?? 1) > 0 && (topP ?? 1) <= 1, .topP, "must lie above 0 and up to 1")
        try require((1...256).contains(samples ?? 1), .samples, "must be between 1 and 256")
        try require(
            (1...3_600_000).contains(verifierLimit ?? 1), .verifierLimit, "must be between 1 and 3600000")
    }
}
