import Foundation
import HoneDatasets
import HoneGrammar
import HoneInference
import HoneTokenizer

/// What is asked of a server in one try: the request, and the tokens of it that are answered already.
struct RemoteAsk {
    let request: EngineRequest
    /// Tokens that an earlier try brought; the server goes on after them.
    let written: [Int32]
    let model: String?
    let usesTokenIDs: Bool
    let streams: Bool

    var maximumNewTokens: Int { request.maximumNewTokens - written.count }

    /// What servers draw by: most take 31 bits alone.
    var seed: UInt32? { request.sampling.temperature > 0 ? UInt32(request.sampling.seed & 0x7FFF_FFFF) : nil }

    /// The prompt as tokens, with those that were written already.
    var tokens: [Int32]? {
        if case .tokens(let tokens) = request.prompt { tokens + written } else { nil }
    }

    var text: String? {
        if case .text(let text) = request.prompt { text } else { nil }
    }
}

extension Dialect {
    /// The JSON of a request. The key is no part of it.
    func body(_ ask: RemoteAsk) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data =
            switch self {
            case .completions: try encoder.encode(CompletionRequest(ask))
            case .chat: try encoder.encode(ChatRequest(ask))
            case .vllm: try encoder.encode(TokenRequest(ask))
            case .sglang: try encoder.encode(SGLangRequest(ask))
            }
        return [UInt8](data)
    }

    /// Whether servers of this dialect take a prompt in this form.
    func accepts(_ prompt: EnginePrompt, usesTokenIDs: Bool) -> Bool {
        switch (self, prompt) {
        case (.completions, .tokens): usesTokenIDs
        case (.completions, .text): !usesTokenIDs
        case (.chat, .messages), (.chat, .text): true
        case (.vllm, .tokens), (.sglang, .tokens): true
        default: false
        }
    }
}

extension Dialect {
    /// Throws for a format that servers of this dialect are not asked for: one that a server might pass over.
    func check(_ format: AnswerFormat) throws(EngineFailure) {
        switch (self, format) {
        case (.chat, .jsonSchema): break
        case (.chat, .regex):
            throw .rejected(
                "servers of the form 'chat' hold answers to a JSON schema alone; say the pattern by one, as the "
                    + "\"pattern\" of a string, or have a worker load the model itself")
        default:
            throw .rejected(
                "servers of the form '\(rawValue)' are not asked for answers in a format; use the form 'chat', or have "
                    + "a worker load the model itself")
        }
    }
}

/// `response_format` of a chat request.
private struct ResponseFormat: Encodable {
    let type = "json_schema"
    let json_schema: Named

    struct Named: Encodable {
        let name = "answer"
        let strict = true
        let schema: JSONValue
    }

    /// Nil where the answer may be any text.
    init?(_ format: AnswerFormat?) throws {
        guard case .jsonSchema(let text) = format else { return nil }
        json_schema = Named(schema: try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    }
}

/// `/v1/completions`.
private struct CompletionRequest: Encodable {
    let ask: RemoteAsk

    init(_ ask: RemoteAsk) {
        self.ask = ask
    }

    private enum Keys: String, CodingKey {
        case model, prompt, temperature, seed, stop, stream, logprobs
        case topP = "top_p"
        case topK = "top_k"
        case maxTokens = "max_tokens"
        case returnTokenIDs = "return_token_ids"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encodeIfPresent(ask.model, forKey: .model)
        if let tokens = ask.tokens {
            try container.encode(tokens, forKey: .prompt)
        } else {
            try container.encode(ask.text, forKey: .prompt)
        }
        try container.encode(ask.maximumNewTokens, forKey: .maxTokens)
        try container.encode(ask.request.sampling.temperature, forKey: .temperature)
        try container.encodeIfPresent(ask.seed, forKey: .seed)
        let sampling = ask.request.sampling
        if sampling.topP < 1 { try container.encode(sampling.topP, forKey: .topP) }
        if sampling.topK > 0 { try container.encode(sampling.topK, forKey: .topK) }
        if !ask.request.stopTexts.isEmpty { try container.encode(ask.request.stopTexts, forKey: .stop) }
        try container.encode(ask.streams, forKey: .stream)
        if ask.usesTokenIDs {
            try container.encode(true, forKey: .returnTokenIDs)
            try container.encode(1, forKey: .logprobs)
        }
    }
}

/// `/v1/chat/completions`.
private struct ChatRequest: Encodable {
    let ask: RemoteAsk

    init(_ ask: RemoteAsk) {
        self.ask = ask
    }

    private struct Message: Encodable {
        let role: String
        let content: String
    }

    private enum Keys: String, CodingKey {
        case model, messages, temperature, seed, stop, stream, logprobs
        case responseFormat = "response_format"
        case topP = "top_p"
        case topK = "top_k"
        case maxTokens = "max_tokens"
        case returnTokenIDs = "return_token_ids"
    }

    private var messages: [Message] {
        switch ask.request.prompt {
        case .messages(let messages): messages.map { Message(role: $0.role, content: $0.content) }
        case .text(let text): [Message(role: "user", content: text)]
        case .tokens: []
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encodeIfPresent(ask.model, forKey: .model)
        try container.encode(messages, forKey: .messages)
        try container.encode(ask.maximumNewTokens, forKey: .maxTokens)
        try container.encode(ask.request.sampling.temperature, forKey: .temperature)
        try container.encodeIfPresent(ask.seed, forKey: .seed)
        let sampling = ask.request.sampling
        if sampling.topP < 1 { try container.encode(sampling.topP, forKey: .topP) }
        if sampling.topK > 0 { try container.encode(sampling.topK, forKey: .topK) }
        if !ask.request.stopTexts.isEmpty { try container.encode(ask.request.stopTexts, forKey: .stop) }
        try container.encodeIfPresent(ResponseFormat(ask.request.format), forKey: .responseFormat)
        try container.encode(ask.streams, forKey: .stream)
        if ask.usesTokenIDs {
            try container.encode(true, forKey: .returnTokenIDs)
            try container.encode(true, forKey: .logprobs)
        }
    }
}

/// `/inference/v1/generate` of vLLM. Stop texts stay here: its engine sees tokens alone.
private struct TokenRequest: Encodable {
    let token_ids: [Int32]
    let model: String?
    let stream: Bool
    let sampling_params: Sampling

    struct Sampling: Encodable {
        let max_tokens: Int
        let temperature: Double
        let top_p: Double
        let top_k: Int
        let seed: UInt32?
        let logprobs = 1
    }

    init(_ ask: RemoteAsk) {
        token_ids = ask.tokens ?? []
        model = ask.model
        stream = ask.streams
        let sampling = ask.request.sampling
        sampling_params = Sampling(
            max_tokens: ask.maximumNewTokens, temperature: sampling.temperature, top_p: sampling.topP,
            top_k: sampling.topK, seed: ask.seed)
    }
}

/// `/generate` of SGLang. Stop texts stay here, since a server without a tokenizer refuses them.
private struct SGLangRequest: Encodable {
    let input_ids: [Int32]
    let stream: Bool
    let return_logprob = true
    let sampling_params: Sampling

    struct Sampling: Encodable {
        let max_new_tokens: Int
        let temperature: Double
        let top_p: Double
        let top_k: Int
        let sampling_seed: UInt32?
    }

    init(_ ask: RemoteAsk) {
        input_ids = ask.tokens ?? []
        stream = ask.streams
        let sampling = ask.request.sampling
        sampling_params = Sampling(
            max_new_tokens: ask.maximumNewTokens, temperature: sampling.temperature, top_p: sampling.topP,
            top_k: sampling.topK > 0 ? sampling.topK : -1, sampling_seed: ask.seed)
    }
}
