import Foundation
public import HoneDatasets

/// What a request asks for. A parameter that would change the answer and is not followed is a fault, never passed over.
public struct BatchBody: Sendable, Equatable, Decodable {
    public private(set) var model: String?
    public private(set) var prompt: String?
    public private(set) var messages: [BatchRequest.Message]?
    public private(set) var maximumNewTokens: Int?
    public private(set) var temperature: Double?
    public private(set) var topP: Double?
    public private(set) var topK: Int?
    public private(set) var seed: UInt64?
    /// Answers to the one prompt.
    public private(set) var sampleCount: Int?
    public private(set) var stop: [String] = []
    public private(set) var wantsLogProbs = false
    /// The JSON schema that the answers are to fit, of `response_format`.
    public private(set) var answerSchema: JSONValue?

    /// Parameters that Hone does not follow, with the values that mean the same as leaving them out.
    private static let neutral: [String: [JSONValue]] = [
        "stream": [.bool(false)], "echo": [.bool(false)], "best_of": [.integer(1)], "suffix": [],
        "presence_penalty": [.integer(0), .number(0)], "frequency_penalty": [.integer(0), .number(0)],
        "repetition_penalty": [.integer(1), .number(1)], "min_p": [.integer(0), .number(0)],
        "logit_bias": [.object([:])], "tools": [.array([])], "tool_choice": ["none", "auto"], "functions": [.array([])],
        "top_logprobs": [.integer(0)], "modalities": [.array(["text"])],
        "parallel_tool_calls": [.bool(true), .bool(false)],
    ]
    /// Parameters that change no answer.
    private static let idle: Set<String> = [
        "user", "metadata", "store", "service_tier", "stream_options", "safety_identifier",
    ]

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        for key in container.allKeys where try !container.decodeNil(forKey: key) {
            try read(key, container)
        }
    }

    private mutating func read(_ key: AnyKey, _ container: KeyedDecodingContainer<AnyKey>) throws {
        switch key.stringValue {
        case "model": model = try container.decode(String.self, forKey: key)
        case "prompt": prompt = try container.decode(String.self, forKey: key)
        case "messages": messages = try container.decode([TextMessage].self, forKey: key).map(\.message)
        case "max_tokens", "max_completion_tokens": maximumNewTokens = try container.decode(Int.self, forKey: key)
        case "temperature": temperature = try container.decode(Double.self, forKey: key)
        case "top_p": topP = try container.decode(Double.self, forKey: key)
        case "top_k": topK = max(0, try container.decode(Int.self, forKey: key))
        case "seed": seed = UInt64(bitPattern: try container.decode(Int64.self, forKey: key))
        case "n": sampleCount = try container.decode(Int.self, forKey: key)
        case "stop": stop = try container.decode(OneOrMore.self, forKey: key).values
        case "logprobs": wantsLogProbs = try container.decode(BoolOrCount.self, forKey: key).isWanted
        case "response_format": answerSchema = try container.decode(ResponseFormat.self, forKey: key).schema
        case let name where Self.idle.contains(name): break
        case let name:
            guard let values = Self.neutral[name] else { throw BatchFault.parameter(name, "is not supported") }
            guard values.contains(try container.decode(JSONValue.self, forKey: key)) else {
                throw BatchFault.parameter(name, "is not supported with this value")
            }
        }
    }

    /// Looks at what the types do not say.
    func check(_ endpoint: BatchRequest.Endpoint) throws(BatchFault) {
        func require(_ holds: Bool, _ name: String, _ fault: String) throws(BatchFault) {
            if !holds { throw .parameter(name, fault) }
        }
        switch endpoint {
        case .completions:
            try require(messages == nil, "messages", "is for /v1/chat/completions")
            try require(!(prompt ?? "").allSatisfy(\.isWhitespace), "prompt", "is missing or empty")
        case .chat:
            try require(prompt == nil, "prompt", "is for /v1/completions")
            try require(!(messages ?? []).isEmpty, "messages", "is missing or empty")
        }
        let texts = [model ?? "", prompt ?? ""] + (messages ?? []).flatMap { [$0.role, $0.content] } + stop
        try require(!texts.contains { $0.contains("\0") }, "prompt", "has a U+0000, which no text may have")
        try require((1...4096).contains(maximumNewTokens ?? 1), "max_tokens", "must be between 1 and 4096")
        try require((0...100).contains(temperature ?? 0), "temperature", "must be between 0 and 100")
        try require((topP ?? 1) > 0 && (topP ?? 1) <= 1, "top_p", "must lie above 0 and up to 1")
        try require((1...256).contains(sampleCount ?? 1), "n", "must be between 1 and 256")
        try require(stop.count <= 16 && stop.allSatisfy { !$0.isEmpty }, "stop", "must be up to 16 texts, none empty")
    }
}

/// Any key, so that none is passed over.
private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}

/// A message whose content is a text, or parts that are all texts.
private struct TextMessage: Decodable {
    let message: BatchRequest.Message

    private enum Keys: String, CodingKey {
        case role, content
    }

    private struct Part: Decodable {
        let type: String
        let text: String?
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let role = try container.decode(String.self, forKey: .role)
        do {
            message = BatchRequest.Message(role: role, content: try container.decode(String.self, forKey: .content))
        } catch DecodingError.typeMismatch {
            let parts = try container.decode([Part].self, forKey: .content)
            guard parts.allSatisfy({ $0.type == "text" && $0.text != nil }) else {
                throw BatchFault.parameter("messages", "has a part that is no text, which these models do not read")
            }
            message = BatchRequest.Message(role: role, content: parts.compactMap(\.text).joined())
        }
    }
}

/// `response_format`: a text, any JSON object, or what a schema accepts.
private struct ResponseFormat: Decodable {
    let schema: JSONValue?

    private struct Named: Decodable {
        let schema: JSONValue
    }

    private enum Keys: String, CodingKey {
        case type
        case named = "json_schema"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "text": schema = nil
        case "json_object": schema = .object(["type": "object"])
        case "json_schema": schema = try container.decode(Named.self, forKey: .named).schema
        case let other:
            throw BatchFault.parameter(
                "response_format", "has the type \"\(other.prefix(20))\", not text, json_object or json_schema")
        }
    }
}

private struct OneOrMore: Decodable {
    let values: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            values = [try container.decode(String.self)]
        } catch DecodingError.typeMismatch {
            values = try container.decode([String].self)
        }
    }
}

/// `logprobs` is true or false in a conversation, and a count of alternatives in a completion.
private struct BoolOrCount: Decodable {
    let isWanted: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            isWanted = try container.decode(Bool.self)
        } catch DecodingError.typeMismatch {
            guard (0...1).contains(try container.decode(Int.self)) else {
                throw BatchFault.parameter("logprobs", "must be 0 or 1: alternatives are not kept")
            }
            isWanted = true
        }
    }
}
