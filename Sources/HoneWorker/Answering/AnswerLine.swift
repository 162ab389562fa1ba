import Foundation
import HoneDatasets
import HoneInference

/// One line of a file of answers, in the form of the prompt's own.
struct AnswerLine {
    let prompt: PromptLine
    let promptTokenCount: Int
    let result: GenerationResult
    let includesLogProbs: Bool

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Of an answer that ended with logits that are none.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try prompt.isBatchRequest ? encoder.encode(BatchResponse(self)) : encoder.encode(Plain(self))
    }

    private struct Plain: Encodable {
        let id: JSONValue
        let text: String
        let tokenIDs: [Int32]
        let finishReason: FinishReason
        let tokenLogProbs: [Float]?
        let pickedLogProbs: [Float]?

        init(_ line: AnswerLine) {
            id = line.prompt.id
            text = line.result.text
            tokenIDs = line.result.tokens
            finishReason = line.result.finishReason
            tokenLogProbs = line.includesLogProbs ? line.result.logProbs : nil
            pickedLogProbs = line.result.pickedLogProbs.isEmpty ? nil : line.result.pickedLogProbs
        }

        enum CodingKeys: String, CodingKey {
            case id, text
            case tokenIDs = "token_ids"
            case finishReason = "finish_reason"
            case tokenLogProbs = "token_logprobs"
            case pickedLogProbs = "token_picked_logprobs"
        }
    }

    /// A line of the OpenAI Batch format's output.
    private struct BatchResponse: Encodable {
        let id: String
        let customID: JSONValue
        let response: Response
        let error: String?

        struct Response: Encodable {
            let statusCode = 200
            let body: Body

            enum CodingKeys: String, CodingKey {
                case body
                case statusCode = "status_code"
            }
        }

        struct Body: Encodable {
            let object = "chat.completion"
            let choices: [Choice]
            let usage: Usage
        }

        struct Choice: Encodable {
            let index = 0
            let message: Message
            let finishReason: FinishReason

            enum CodingKeys: String, CodingKey {
                case index, message
                case finishReason = "finish_reason"
            }
        }

        struct Message: Encodable {
            let role = "assistant"
            let content: String
        }

        struct Usage: Encodable {
            let promptTokens: Int
            let completionTokens: Int

            enum CodingKeys: String, CodingKey {
                case promptTokens = "prompt_tokens"
                case completionTokens = "completion_tokens"
            }
        }

        enum CodingKeys: String, CodingKey {
            case id, response, error
            case customID = "custom_id"
        }

        init(_ line: AnswerLine) {
            id = "batch_req_\(UUID().uuidString.lowercased())"
            customID = line.prompt.id
            error = nil
            let choice = Choice(
                message: Message(content: line.result.text), finishReason: line.result.finishReason)
            response = Response(
                body: Body(
                    choices: [choice],
                    usage: Usage(promptTokens: line.promptTokenCount, completionTokens: line.result.tokens.count)))
        }
    }
}
