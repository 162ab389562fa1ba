import Foundation
import HoneHTTP

/// Why one try at one endpoint gave no whole answer, told apart by what is to be done.
enum RemoteTrouble: Error, Equatable {
    /// No room now; `after` where the server says when to come again.
    case busy(String, after: Duration?)
    /// The request is at fault, whoever is asked.
    case rejected(String)
    /// The server does not know the model by this name.
    case unknownModel(String)
    /// The key is missing or not good.
    case refusedKey(String)
    /// The server, or its engine behind it, is gone.
    case lost(String)
    /// The answer ended before it was whole.
    case cut(String)
    /// One of the two timers ran out, of the first byte or between two.
    case silent(String)
    /// What came is not what was agreed.
    case garbage(String)
    /// The answer is larger than an answer can be.
    case oversized(String)

    var reason: String {
        switch self {
        case .busy(let reason, _), .rejected(let reason), .unknownModel(let reason), .refusedKey(let reason),
            .lost(let reason), .cut(let reason), .silent(let reason), .garbage(let reason), .oversized(let reason):
            reason
        }
    }
}

extension RemoteTrouble {
    init(_ error: HTTPError) {
        let reason = "\(error)"
        switch error {
        case .timedOut(.connect, _, _), .unreachable, .secure, .badAddress, .badHeader, .cancelled, .closed:
            self = .lost(reason)
        case .timedOut: self = .silent(reason)
        // A connection that ends before anything came is a server that went away.
        case .cut(_, receivedByteCount: 0, _): self = .lost(reason)
        case .cut: self = .cut(reason)
        case .garbage: self = .garbage(reason)
        case .tooLarge: self = .oversized(reason)
        }
    }

    /// What a status other than 200 means; `body` is the beginning of what came with it.
    init(_ head: HTTPHead, body: [UInt8], from address: HTTPAddress) {
        let text = Self.message(in: body)
        let reason = "\(address) says \(head.status)" + (text.isEmpty ? "" : ": \(text)")
        switch head.status {
        case 401, 403: self = .refusedKey(reason)
        case 404 where Self.isAboutModel(text): self = .unknownModel(reason)
        case 404, 405: self = .garbage("\(reason); is this the address of a server of this kind?")
        case 408, 425, 429, 503: self = .busy(reason, after: Self.retryAfter(head))
        // A proxy that cannot reach its server, or tells of an engine that died.
        case 500, 502, 504, 507...: self = .lost(reason)
        case 400..<500: self = .rejected(reason)
        default: self = .garbage(reason)
        }
    }

    /// The sentence for people in an error of the OpenAI form or FastAPI's, else the beginning of the text.
    static func message(in body: [UInt8]) -> String {
        let data = Data(body)
        if let reply = decoded(ErrorReply.self, data), let message = reply.text { return short(message) }
        return short(String(decoding: body.prefix(400), as: UTF8.self))
    }

    private static func decoded<Value: Decodable>(_ type: Value.Type, _ data: Data) -> Value? {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            return nil  // it is not in this form, and is shown as it is
        }
    }

    private static func short(_ text: String) -> String {
        String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(300))
    }

    private static func isAboutModel(_ text: String) -> Bool {
        text.lowercased().contains("model") || text.lowercased().contains("adapter")
    }

    /// Seconds, which is all that servers of models send; a date is not looked at.
    private static func retryAfter(_ head: HTTPHead) -> Duration? {
        head.headers["retry-after"].flatMap { Double($0) }.flatMap { (0...3600).contains($0) ? .seconds($0) : nil }
    }
}

/// `{"error": {"message"}}`, `{"error": "…"}`, `{"message"}` or `{"detail"}`.
private struct ErrorReply: Decodable {
    let text: String?

    private struct Inner: Decodable {
        let message: String?
    }

    private enum Keys: String, CodingKey {
        case error, message, detail
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        func string(_ key: Keys) -> String? {
            do {
                return try container.decode(String.self, forKey: key)
            } catch {
                return nil  // of another type; the other keys are looked at
            }
        }
        func inner() -> String? {
            do {
                return try container.decode(Inner.self, forKey: .error).message
            } catch {
                return nil  // likewise
            }
        }
        text = inner() ?? string(.error) ?? string(.message) ?? string(.detail)
    }
}
