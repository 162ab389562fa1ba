public import Foundation

/// One request of a file in the OpenAI Batch format: a line `{"custom_id", "method", "url", "body"}`.
public struct BatchRequest: Sendable, Equatable {
    public enum Endpoint: String, Sendable {
        case completions
        case chat

        init?(url: String) {
            switch url {
            case "/v1/completions": self = .completions
            case "/v1/chat/completions": self = .chat
            default: return nil
            }
        }
    }

    /// One turn of a conversation.
    public struct Message: Sendable, Equatable, Encodable {
        public let role: String
        public let content: String
    }

    public let customID: String
    public let endpoint: Endpoint
    public let body: BatchBody

    /// A line that may be no request.
    public struct Line: Sendable, Equatable {
        /// What the line calls itself, also where the rest of it is wrong.
        public let customID: String?
        public let request: Result<BatchRequest, BatchFault>
    }

    /// The longest line, and the most that a job may hold.
    public static let byteLimit = 1 << 20

    /// Reads a line.
    public static func read(_ json: Data) -> Line {
        var customID: String?
        do throws(BatchFault) {
            let envelope = try decode(json)
            customID = envelope.customID
            return Line(customID: customID, request: .success(try BatchRequest(envelope)))
        } catch {
            return Line(customID: customID, request: .failure(error))
        }
    }

    private init(_ envelope: Envelope) throws(BatchFault) {
        guard let customID = envelope.customID else { throw BatchFault("\"custom_id\" is missing or no string") }
        guard !customID.isEmpty, customID.utf8.count <= 512 else {
            throw BatchFault("\"custom_id\" must have 1 to 512 bytes")
        }
        if let method = envelope.method, method != "POST" {
            throw BatchFault("\"method\" must be POST, not \(method.prefix(20))")
        }
        guard let endpoint = envelope.url.flatMap({ Endpoint(url: $0) }) else {
            throw BatchFault("\"url\" must be /v1/completions or /v1/chat/completions")
        }
        guard let body = envelope.body else { throw BatchFault("\"body\" is missing") }
        self.customID = customID
        self.endpoint = endpoint
        self.body = try body.get()
        try self.body.check(endpoint)
    }

    private static func decode(_ json: Data) throws(BatchFault) -> Envelope {
        do {
            return try JSONDecoder().decode(Envelope.self, from: json)
        } catch {
            throw BatchFault("the line is no JSON object")
        }
    }
}

/// A line with its parts read one by one, so that a bad part does not hide the others.
private struct Envelope: Decodable {
    let customID: String?
    let method: String?
    let url: String?
    let body: Result<BatchBody, BatchFault>?

    private enum Keys: String, CodingKey {
        case method, url, body
        case customID = "custom_id"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        func string(_ key: Keys) -> String? {
            do {
                let text = try container.decodeIfPresent(String.self, forKey: key)
                return text.flatMap { $0.contains("\0") ? nil : $0 }
            } catch {
                return nil  // a string is asked for later
            }
        }
        (customID, method, url) = (string(.customID), string(.method), string(.url))
        guard container.contains(.body) else {
            body = nil
            return
        }
        do {
            body = .success(try container.decode(BatchBody.self, forKey: .body))
        } catch let fault as BatchFault {
            body = .failure(fault)
        } catch let error as DecodingError {
            body = .failure(BatchFault(error))
        }
    }
}

extension BatchFault {
    init(_ error: DecodingError) {
        func place(_ path: [any CodingKey]) -> String {
            let names = path.dropFirst().map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return names.isEmpty ? "body" : "body: \"\(names.joined(separator: "."))\""
        }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self.init("\(place(context.codingPath)) has the wrong type")
        case .keyNotFound(let key, let context):
            self.init("\(place(context.codingPath + [key])) is missing")
        case .dataCorrupted(let context):
            self.init("\(place(context.codingPath)) \(context.debugDescription)")
        @unknown default:
            self.init("the body cannot be read")
        }
    }
}
