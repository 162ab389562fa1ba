import Foundation
import HoneDatasets
import HoneGrammar
import HoneInference
import HoneTokenizer

/// One line of a file of prompts: `{"id": …, "prompt": "…"}`, or with `messages` in the place of the prompt, or a
/// request of the OpenAI Batch format.
struct PromptLine {
    /// Whatever the file says; the number of the line if it says nothing.
    let id: JSONValue
    let prompt: String
    /// The conversation, where the line gives one in the place of a prompt.
    let messages: [ChatMessage]?
    let isBatchRequest: Bool
    let maximumNewTokens: Int?
    /// What the line's answer has to be; nil where it does not say.
    let format: AnswerFormat?

    private struct Plain: Decodable {
        let id: JSONValue?
        let prompt: String?
        let messages: [Message]?
        let format: FormatOption?
    }

    private struct Message: Decodable {
        let role: String?
        let content: String
    }

    private struct BatchRequest: Decodable {
        let customID: String
        let url: String
        let body: Body

        struct Body: Decodable {
            let prompt: String?
            let messages: [Message]?
            let maxTokens: Int?
            let responseFormat: ResponseFormat?

            enum CodingKeys: String, CodingKey {
                case prompt, messages
                case maxTokens = "max_tokens"
                case responseFormat = "response_format"
            }
        }

        enum CodingKeys: String, CodingKey {
            case url, body
            case customID = "custom_id"
        }
    }

    init(json: Data, lineNumber: Int) throws(WorkerError) {
        let decoder = JSONDecoder()
        do {
            let keys = try decoder.decode([String: JSONValue].self, from: json).keys
            if keys.contains("custom_id") {
                try self.init(decoder.decode(BatchRequest.self, from: json))
            } else {
                let line = try decoder.decode(Plain.self, from: json)
                try self.init(
                    id: line.id ?? .integer(lineNumber), prompt: line.prompt, messages: line.messages,
                    isBatchRequest: false, maximumNewTokens: nil, format: line.format?.format)
            }
        } catch let error as DecodingError {
            throw WorkerError(error)
        } catch let error as WorkerError {
            throw error
        } catch {
            throw .payload(key: nil, fault: "\(error)")
        }
    }

    private init(
        id: JSONValue, prompt: String?, messages: [Message]?, isBatchRequest: Bool, maximumNewTokens: Int?,
        format: AnswerFormat?
    ) throws(WorkerError) {
        guard let text = prompt ?? messages?.map(\.content).joined(separator: "\n") else {
            throw .payload(key: isBatchRequest ? "body" : nil, fault: "has neither \"prompt\" nor \"messages\"")
        }
        self.id = id
        self.prompt = text
        self.messages =
            prompt == nil ? messages?.map { ChatMessage(role: $0.role ?? "user", content: $0.content) } : nil
        self.isBatchRequest = isBatchRequest
        self.maximumNewTokens = maximumNewTokens
        self.format = format
    }

    private init(_ request: BatchRequest) throws(WorkerError) {
        let body = request.body
        try self.init(
            id: .string(request.customID), prompt: body.prompt, messages: body.messages, isBatchRequest: true,
            maximumNewTokens: body.maxTokens, format: body.responseFormat?.format)
    }
}

/// `response_format` of the OpenAI API.
private struct ResponseFormat: Decodable {
    let format: AnswerFormat?

    private struct Schema: Decodable {
        let schema: JSONValue
    }

    private enum CodingKeys: String, CodingKey {
        case type
        case schema = "json_schema"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "text": format = nil
        case "json_object": format = .jsonSchema(#"{"type":"object"}"#)
        case "json_schema":
            format = try AnswerFormat(schema: container.decode(Schema.self, forKey: .schema).schema)
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "is \"\(other)\", not text, json_object or json_schema")
        }
    }
}
