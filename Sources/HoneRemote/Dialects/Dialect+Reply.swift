import Foundation
import HoneInference

extension Dialect {
    /// Reads one event of a stream, or a whole answer where the server does not stream.
    /// - Throws: `.garbage` for what is no JSON of this dialect, else what an error in the stream means.
    func piece(_ json: [UInt8]) throws(RemoteTrouble) -> AnswerPiece {
        do {
            let decoder = JSONDecoder()
            let data = Data(json)
            if let trouble = try decoder.decode(StreamFault.self, from: data).trouble { throw trouble }
            switch self {
            case .completions: return try decoder.decode(CompletionReply.self, from: data).piece
            case .chat: return try decoder.decode(ChatReply.self, from: data).piece
            case .vllm: return try decoder.decode(TokenReply.self, from: data).piece
            case .sglang: return try decoder.decode(SGLangReply.self, from: data).piece
            }
        } catch let trouble as RemoteTrouble {
            throw trouble
        } catch let error as DecodingError {
            throw .garbage("the answer is not of the form of \(path): \(Self.fault(error))")
        } catch {
            throw .garbage("the answer is not of the form of \(path): \(error)")
        }
    }

    private static func fault(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        return switch error {
        case .typeMismatch(_, let context): "'\(place(context))' has another type"
        case .valueNotFound(_, let context): "'\(place(context))' is null"
        case .keyNotFound(let key, let context): "'\(place(context)).\(key.stringValue)' is missing"
        case .dataCorrupted: "it is no JSON"
        @unknown default: "it cannot be read"
        }
    }
}

/// An error that comes in the middle of a stream, whose status was 200.
private struct StreamFault: Decodable {
    let error: Fault?

    struct Fault: Decodable {
        let message: String
        let code: Int?

        private enum Keys: String, CodingKey {
            case message, code
        }

        init(from decoder: any Decoder) throws {
            do {
                let container = try decoder.container(keyedBy: Keys.self)
                message = try container.decodeIfPresent(String.self, forKey: .message) ?? "an error without a message"
                code = Self.number(container)
            } catch {
                message = try decoder.singleValueContainer().decode(String.self)
                code = nil
            }
        }

        /// Some servers send a word, which says nothing here.
        private static func number(_ container: KeyedDecodingContainer<Keys>) -> Int? {
            do {
                return try container.decodeIfPresent(Int.self, forKey: .code)
            } catch {
                return nil
            }
        }
    }

    var trouble: RemoteTrouble? {
        guard let error else { return nil }
        let reason = "the server broke off: \(error.message.prefix(300))"
        return switch error.code ?? 500 {
        case 429, 503: .busy(reason, after: nil)
        case 404: .unknownModel(reason)
        case 400..<500: .rejected(reason)
        default: .lost(reason)
        }
    }
}

private struct Usage: Decodable {
    let prompt_tokens: Int?
}

/// The spans that both engines send, as an object or as an array of three.
private struct Span: Decodable {
    let span: VersionSpan

    private enum Keys: String, CodingKey {
        case version, start, end
    }

    init(from decoder: any Decoder) throws {
        let version: String
        let (start, end): (Int, Int)
        if let container = Self.object(decoder) {
            version = try container.decode(String.self, forKey: .version)
            (start, end) = try (container.decode(Int.self, forKey: .start), container.decode(Int.self, forKey: .end))
        } else {
            var array = try decoder.unkeyedContainer()
            version = try array.decode(String.self)
            (start, end) = try (array.decode(Int.self), array.decode(Int.self))
        }
        guard 0 <= start, start <= end else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "a span before its start"))
        }
        span = VersionSpan(version: version, tokens: start..<end)
    }

    private static func object(_ decoder: any Decoder) -> KeyedDecodingContainer<Keys>? {
        do {
            return try decoder.container(keyedBy: Keys.self)
        } catch {
            return nil  // the other form
        }
    }
}

// MARK: - The OpenAI forms

private struct CompletionReply: Decodable {
    let choices: [Choice]
    let usage: Usage?
    let weight_version: String?

    struct Choice: Decodable {
        let text: String?
        let finish_reason: String?
        let token_ids: [Int32]?
        let logprobs: LogProbs?
        let weight_version_spans: [Span]?
    }

    struct LogProbs: Decodable {
        let token_logprobs: [Float?]?
    }

    var piece: AnswerPiece {
        var piece = AnswerPiece()
        piece.promptTokenCount = usage?.prompt_tokens
        piece.weightVersion = weight_version
        guard let choice = choices.first else { return piece }
        piece.text = choice.text ?? ""
        piece.finishReason = choice.finish_reason
        piece.tokens = choice.token_ids
        piece.logProbs = choice.token_ids.flatMap { _ in choice.logprobs?.token_logprobs?.compactMap { $0 } }
        piece.weights = choice.weight_version_spans?.map(\.span) ?? []
        return piece
    }
}

private struct ChatReply: Decodable {
    let choices: [Choice]
    let usage: Usage?
    let weight_version: String?

    struct Choice: Decodable {
        let delta: Message?
        let message: Message?
        let finish_reason: String?
        let token_ids: [Int32]?
        let logprobs: ChatLogProbs?
        let weight_version_spans: [Span]?
    }

    struct Message: Decodable {
        let content: String?
    }

    var piece: AnswerPiece {
        var piece = AnswerPiece()
        piece.promptTokenCount = usage?.prompt_tokens
        piece.weightVersion = weight_version
        guard let choice = choices.first else { return piece }
        piece.text = (choice.delta ?? choice.message)?.content ?? ""
        piece.finishReason = choice.finish_reason
        piece.tokens = choice.token_ids
        piece.logProbs = choice.token_ids.flatMap { _ in choice.logprobs?.content?.map(\.logprob) }
        piece.weights = choice.weight_version_spans?.map(\.span) ?? []
        return piece
    }
}

private struct ChatLogProbs: Decodable {
    let content: [Entry]?

    struct Entry: Decodable {
        let logprob: Float
    }
}

// MARK: - The forms of tokens

private struct TokenReply: Decodable {
    let choices: [Choice]
    let weight_version: String?

    struct Choice: Decodable {
        let token_ids: [Int32]?
        let finish_reason: String?
        let logprobs: ChatLogProbs?
        let weight_version: String?
        let weight_version_spans: [Span]?
    }

    var piece: AnswerPiece {
        var piece = AnswerPiece()
        guard let choice = choices.first else { return piece }
        piece.tokens = choice.token_ids ?? []
        piece.logProbs = choice.logprobs?.content?.map(\.logprob)
        piece.finishReason = choice.finish_reason
        piece.weightVersion = choice.weight_version ?? weight_version
        piece.weights = choice.weight_version_spans?.map(\.span) ?? []
        return piece
    }
}

private struct SGLangReply: Decodable {
    let text: String?
    let output_ids: [Int32]?
    let meta_info: Meta

    struct Meta: Decodable {
        let finish_reason: Reason?
        let completion_tokens: Int?
        let prompt_tokens: Int?
        let weight_version: String?
        let weight_versions: [Span]?
        let output_token_logprobs: [TokenLogProb]?
    }

    /// `[logprob, token, text]`.
    struct TokenLogProb: Decodable {
        let logProb: Float
        let token: Int32

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            logProb = try container.decode(Float.self)
            token = try container.decode(Int32.self)
        }
    }

    /// `{"type": "stop"}`; earlier releases send the word alone.
    struct Reason: Decodable {
        let type: String

        private enum Keys: String, CodingKey {
            case type
        }

        init(from decoder: any Decoder) throws {
            do {
                type = try decoder.container(keyedBy: Keys.self).decode(String.self, forKey: .type)
            } catch {
                type = try decoder.singleValueContainer().decode(String.self)
            }
        }
    }

    /// A piece holds all so far or what is new, depending on how the server was started; the count of tokens tells.
    var piece: AnswerPiece {
        var piece = AnswerPiece()
        let scored = meta_info.output_token_logprobs
        piece.tokens = output_ids ?? scored.map { $0.map(\.token) } ?? []
        piece.logProbs = scored?.map(\.logProb)
        if let tokens = piece.tokens, let probs = piece.logProbs, probs.count > tokens.count {
            // Tokens come as they are new and log-probabilities from the start: both are in the latter.
            piece.tokens = scored?.map(\.token)
        }
        piece.isWhole = meta_info.completion_tokens.map { $0 == piece.tokens?.count } ?? true
        piece.finishReason = meta_info.finish_reason?.type
        piece.promptTokenCount = meta_info.prompt_tokens
        piece.weightVersion = meta_info.weight_version
        piece.weights = meta_info.weight_versions?.map(\.span) ?? []
        return piece
    }
}
