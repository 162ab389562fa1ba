public import HoneHTTP

/// Servers that answer with one model, and how to speak to them.
public struct RemoteEngineConfiguration: Sendable {
    /// Where the model is served; all of them serve the same.
    public var endpoints: [HTTPAddress]
    public var dialect: Dialect
    /// What the servers call the model; nil: the only one that they serve.
    public var model: String?
    public var key: Secret?
    /// Requests that are under way at a time, over all endpoints.
    public var concurrency = 64
    /// Tokens of the longest sequence, where it is known.
    public var contextLength: Int?
    public var limits = HTTPLimits()
    /// How long a request looks for an endpoint that takes it before it is given back.
    public var patience = Duration.seconds(60)
    /// The weights that are to answer, as the servers call them; nil: whichever there are.
    public var weightVersion: String?
    /// Whether prompts go out as token ids and answers come back as such. vLLM's and SGLang's own endpoints always do;
    /// of the OpenAI forms a server must say so, as vLLM's do.
    public var usesTokenIDs: Bool

    /// `usesTokenIDs` left out is what the dialect always does.
    public init(endpoints: [HTTPAddress], dialect: Dialect, model: String? = nil, usesTokenIDs: Bool? = nil) {
        precondition(!endpoints.isEmpty, "a remote engine without an endpoint answers nothing")
        self.endpoints = endpoints
        self.dialect = dialect
        self.model = model
        self.usesTokenIDs = usesTokenIDs ?? dialect.isOfTokens
    }
}

/// How a server is asked.
public enum Dialect: String, Sendable, Codable, CaseIterable {
    /// `/v1/completions` of the OpenAI form.
    case completions
    /// `/v1/chat/completions` of the OpenAI form.
    case chat
    /// `/inference/v1/generate` of vLLM: tokens in, tokens out.
    case vllm
    /// `/generate` of SGLang: tokens in, tokens out.
    case sglang

    var isOfTokens: Bool { self == .vllm || self == .sglang }

    var path: String {
        switch self {
        case .completions: "/v1/completions"
        case .chat: "/v1/chat/completions"
        case .vllm: "/inference/v1/generate"
        case .sglang: "/generate"
        }
    }
}
