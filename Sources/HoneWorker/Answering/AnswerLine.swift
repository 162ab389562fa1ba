import Foundation
import HoneBatch
import HoneDatasets
import HoneInference

/// One line of a file of answers, in the form of the prompt's own.
struct AnswerLine {
    let prompt: PromptLine
    let promptTokenCount: Int
    /// One, or as many as the line asks for.
    let answers: [RoutedAnswer]
    let includesLogProbs: Bool
    /// Whether there are also those under what each token was drawn from.
    let includesDrawnLogProbs: Bool

    var results: [GenerationResult] { answers.map(\.result) }

    func json() throws -> Data {
        let encoder = Self.encoder
        if let batch = prompt.batch { return try encoder.encode(BatchAnswer(self, batch)) }
        return try encoder.encode(Plain(self))
    }

    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Of an answer that ended with logits that are none.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }

    private struct Plain: Encodable {
        let id: JSONValue
        let text: String
        let tokenIDs: [Int32]
        let finishReason: FinishReason
        let tokenLogProbs: [Float]?
        let drawnLogProbs: [Float]?
        let route: RouteText?

        init(_ line: AnswerLine) {
            let result = line.answers[0].result
            route = line.answers[0].route.map(RouteText.init)
            id = line.prompt.id
            text = result.text
            tokenIDs = result.tokens
            finishReason = result.finishReason
            tokenLogProbs = line.includesLogProbs ? result.logProbs : nil
            drawnLogProbs = line.includesDrawnLogProbs ? result.drawnLogProbs : nil
        }

        enum CodingKeys: String, CodingKey {
            case id, text, route
            case tokenIDs = "token_ids"
            case finishReason = "finish_reason"
            case tokenLogProbs = "token_logprobs"
            case drawnLogProbs = "token_drawn_logprobs"
        }
    }
}

/// A line of the OpenAI Batch format's output, as `hone.batch_output` writes it for those that went through the queue.
struct BatchAnswer: Encodable {
    private let id = "batch_req_\(UUID().uuidString.lowercased())"
    private let customID: String?
    private let response: Response?
    private let error: Fault?

    private struct Fault: Encodable {
        let code = "invalid_request"
        let line: Int
        let message: String
    }

    private struct Response: Encodable {
        let statusCode = 200
        let body: Body

        enum CodingKeys: String, CodingKey {
            case body
            case statusCode = "status_code"
        }
    }

    private struct Body: Encodable {
        let object: String
        let model: String?
        let choices: [Choice]
        let usage: Usage
    }

    private struct Choice: Encodable {
        let index: Int
        let message: Message?
        let text: String?
        let finishReason: FinishReason
        let logProbs: LogProbs?

        enum CodingKeys: String, CodingKey {
            case index, message, text
            case finishReason = "finish_reason"
            case logProbs = "logprobs"
        }
    }

    private struct Message: Encodable {
        let role = "assistant"
        let content: String
    }

    private struct LogProbs: Encodable {
        let tokenIDs: [Int32]
        let tokenLogProbs: [Float]

        enum CodingKeys: String, CodingKey {
            case tokenIDs = "token_ids"
            case tokenLogProbs = "token_logprobs"
        }
    }

    private struct Usage: Encodable {
        let promptTokens: Int
        let completionTokens: Int
        let totalTokens: Int

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case totalTokens = "total_tokens"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case id, response, error
        case customID = "custom_id"
    }

    init(_ line: AnswerLine, _ request: BatchRequest) {
        let isChat = request.endpoint == .chat
        let choices = line.results.enumerated().map { index, result in
            Choice(
                index: index, message: isChat ? Message(content: result.text) : nil, text: isChat ? nil : result.text,
                finishReason: result.finishReason,
                logProbs: request.body.wantsLogProbs || line.includesLogProbs
                    ? LogProbs(tokenIDs: result.tokens, tokenLogProbs: result.logProbs) : nil)
        }
        let count = line.results.reduce(0) { $0 + $1.tokens.count }
        let usage = Usage(
            promptTokens: line.promptTokenCount, completionTokens: count, totalTokens: line.promptTokenCount + count)
        let object = isChat ? "chat.completion" : "text_completion"
        customID = request.customID
        response = Response(body: Body(object: object, model: request.body.model, choices: choices, usage: usage))
        error = nil
    }

    /// Of a line that is no request, or one that the model cannot answer.
    init(customID: String?, line: Int, fault: String) {
        self.customID = customID
        response = nil
        error = Fault(line: line, message: fault)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(customID, forKey: .customID)
        try container.encode(response, forKey: .response)
        try container.encode(error, forKey: .error)
    }
}
