import Foundation
import HoneBatch
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
    /// What a request of the OpenAI Batch format asks for beside its prompt.
    let batch: BatchRequest?
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

    /// Whether a line is of the OpenAI Batch format, and so the file.
    static func isBatch(_ json: Data) -> Bool {
        struct Mark: Decodable {
            let custom_id: JSONValue
        }
        do {
            _ = try JSONDecoder().decode(Mark.self, from: json)
            return true
        } catch {
            return false  // what else it is, its own form says
        }
    }

    /// A line of Hone's own form.
    init(json: Data, lineNumber: Int) throws(WorkerError) {
        do {
            let line = try JSONDecoder().decode(Plain.self, from: json)
            guard let text = line.prompt ?? line.messages?.map(\.content).joined(separator: "\n") else {
                throw WorkerError.payload(key: nil, fault: "has neither \"prompt\" nor \"messages\"")
            }
            id = line.id ?? .integer(lineNumber)
            prompt = text
            messages =
                line.prompt == nil
                ? line.messages?.map { ChatMessage(role: $0.role ?? "user", content: $0.content) } : nil
            batch = nil
            format = line.format?.format
        } catch let error as DecodingError {
            throw WorkerError(error)
        } catch let error as WorkerError {
            throw error
        } catch {
            throw .payload(key: nil, fault: "\(error)")
        }
    }

    /// A request of the OpenAI Batch format.
    init(_ request: BatchRequest) throws {
        let body = request.body
        id = .string(request.customID)
        prompt = body.prompt ?? (body.messages ?? []).map(\.content).joined(separator: "\n")
        messages = body.messages?.map { ChatMessage(role: $0.role, content: $0.content) }
        batch = request
        format = try body.answerSchema.map { try AnswerFormat(schema: $0) }
    }

    /// What is asked of a model: the line's own settings, and those of the command where it has none.
    func requests(to model: LoadedModel, _ options: PromptAnswering.Options) throws -> [GenerationRequest] {
        let body = batch?.body
        let defaults = options.sampling
        var sampling = defaults
        sampling.temperature = body?.temperature ?? defaults.temperature
        sampling.topP = body?.topP ?? defaults.topP
        sampling.topK = body?.topK ?? defaults.topK
        sampling.seed = body?.seed ?? defaults.seed
        return try (0..<(body?.sampleCount ?? 1)).map { ordinal in
            var own = sampling
            own.seed &+= UInt64(ordinal)
            var request = try model.request(
                messages, else: prompt, maximumNewTokens: body?.maximumNewTokens ?? options.maximumNewTokens,
                sampling: own, stopTexts: options.stopTexts + (body?.stop ?? []), format: format ?? options.format)
            request.includesStopText = options.includesStopText
            try model.engine.check(request)
            return request
        }
    }
}
