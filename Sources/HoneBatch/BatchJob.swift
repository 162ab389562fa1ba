import HoneDatasets

/// The payload of the `reason` job that a request becomes.
struct BatchJob: Encodable {
    let request: BatchRequest
    /// Answers in the place of the model that the request names.
    let model: String?

    private enum Keys: String, CodingKey {
        case prompt, messages, model, temperature, samples, seed, stop, format
        case maxNewTokens = "max_new_tokens"
        case topK = "top_k"
        case topP = "top_p"
    }

    func encode(to encoder: any Encoder) throws {
        let body = request.body
        var container = encoder.container(keyedBy: Keys.self)
        try container.encodeIfPresent(body.prompt, forKey: .prompt)
        try container.encodeIfPresent(body.messages, forKey: .messages)
        try container.encodeIfPresent(model ?? body.model, forKey: .model)
        try container.encodeIfPresent(body.maximumNewTokens, forKey: .maxNewTokens)
        try container.encodeIfPresent(body.temperature, forKey: .temperature)
        try container.encodeIfPresent(body.topP, forKey: .topP)
        try container.encodeIfPresent(body.topK, forKey: .topK)
        try container.encodeIfPresent(body.seed, forKey: .seed)
        try container.encodeIfPresent(body.sampleCount, forKey: .samples)
        try container.encodeIfPresent(body.answerSchema.map { ["json_schema": $0] }, forKey: .format)
        if !body.stop.isEmpty { try container.encode(body.stop, forKey: .stop) }
    }
}
