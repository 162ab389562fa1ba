import Foundation
import HoneDatasets
import HoneInference

/// One line of a file of prompts: `{"id": …, "prompt": "…"}`, or a request of the OpenAI Batch format.
struct PromptLine {
    /// Whatever the file says; the number of the line if it says nothing.
    let id: JSONValue
    let prompt: String
    let isBatchRequest: Bool
    let maximumNewTokens: Int?

    private struct Plain: Decodable {
        let id: JSONValue?
        let prompt: String
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

        struct Message: Decodable {
            let content: String
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
                self.init(
                    id: line.id ?? .integer(lineNumber), prompt: line.prompt, isBatchRequest: false,
                    maximumNewTokens: nil)
            }
        } catch let error as DecodingError {
            throw WorkerError(error)
        } catch let error as WorkerError {
            throw error
        } catch {
            throw .payload(key: nil, fault: "\(error)")
        }
    }

    private init(id: JSONValue, prompt: String, isBatchRequest: Bool, maximumNewTokens: Int?) {
        self.id = id
        self.prompt = prompt
        self.isBatchRequest = isBatchRequest
        self.maximumNewTokens = maximumNewTokens
    }

    private init(_ request: BatchRequest) throws(WorkerError) {
        let body = request.body
        guard let prompt = body.prompt ?? body.messages?.map(\.content).joined(separator: "\n") else {
            throw .payload(key: "body", fault: "has neither \"prompt\" nor \"messages\"")
        }
        self.init(
            id: .string(request.customID), prompt: prompt, isBatchRequest: true, maximumNewTokens: body.maxTokens)
    }
}
