import Foundation
import HoneDatasets
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

    private struct Plain: Decodable {
        let id: JSONValue?
        let prompt: String?
        let messages: [Message]?
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

            enum CodingKeys: String, CodingKey {
                case prompt, messages
                case maxTokens = "max_tokens"
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
                    isBatchRequest: false, maximumNewTokens: nil)
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
        id: JSONValue, prompt: String?, messages: [Message]?, isBatchRequest: Bool, maximumNewTokens: Int?
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
    }

    private init(_ request: BatchRequest) throws(WorkerError) {
        let body = request.body
        try self.init(
            id: .string(request.customID), prompt: body.prompt, messages: body.messages, isBatchRequest: true,
            maximumNewTokens: body.maxTokens)
    }
}
