import Foundation
import HoneHTTP
import HoneInference

/// One endpoint, and what it can be asked beside an answer.
struct RemoteServer: Sendable {
    let address: HTTPAddress
    let client: HTTPClient
    let key: Secret?
    let limits: HTTPLimits

    /// For questions that are answered at once.
    private var briefLimits: HTTPLimits {
        var brief = limits
        brief.firstByte = min(limits.firstByte, .seconds(20))
        brief.total = min(limits.total, .seconds(30))
        brief.bodyByteCount = 4 << 20
        return brief
    }

    /// What the server calls the models that it serves.
    func models() async throws(RemoteTrouble) -> [String] {
        struct Models: Decodable {
            struct Model: Decodable { let id: String }
            let data: [Model]
        }
        return try await get("/v1/models", as: Models.self).data.map(\.id)
    }

    /// What the server calls the weights that it answers with now.
    func weightVersion(_ dialect: Dialect) async throws(RemoteTrouble) -> String {
        struct Version: Decodable { let weight_version: String }
        let path = dialect == .sglang ? "/get_model_info" : "/weight_info"
        return try await get(path, as: Version.self).weight_version
    }

    func get<Reply: Decodable>(_ path: String, as type: Reply.Type) async throws(RemoteTrouble) -> Reply {
        try await exchange(path, body: nil, limits: briefLimits, as: type)
    }

    /// Sends a JSON object and reads one.
    func post<Reply: Decodable>(
        _ path: String, _ body: some Encodable & Sendable, limits: HTTPLimits? = nil, as type: Reply.Type
    ) async throws(RemoteTrouble) -> Reply {
        let bytes: [UInt8]
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            bytes = [UInt8](try encoder.encode(body))
        } catch {
            throw .rejected("the request cannot be written as JSON: \(error)")
        }
        return try await exchange(path, body: bytes, limits: limits ?? briefLimits, as: type)
    }

    private func exchange<Reply: Decodable>(
        _ path: String, body: [UInt8]?, limits: HTTPLimits, as type: Reply.Type
    ) async throws(RemoteTrouble) -> Reply {
        let response: HTTPResponse
        do {
            response = try await client.send(
                HTTPRequest(address.appending(path), body: body, key: key, limits: limits))
        } catch {
            throw RemoteTrouble(error)
        }
        guard response.head.status == 200 else {
            throw RemoteTrouble(response.head, body: response.body, from: address)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            throw .garbage("\(address)\(path) answers 200 with something that is not of its form")
        }
    }

    // MARK: An answer

    /// Asks for an answer and adds what comes, piece by piece, to `partial`, also where it throws `RemoteTrouble` then.
    /// `isEnough` is asked after each piece; when it is, the connection is closed.
    func answer(
        _ dialect: Dialect, _ body: [UInt8], into partial: inout PartialAnswer,
        isEnough: (inout PartialAnswer) -> Bool
    ) async throws {
        let request = HTTPRequest(address.appending(dialect.path), body: body, key: key, limits: limits)
        do {
            try await client.stream(request) { head, bytes in
                guard head.status == 200 else {
                    throw RemoteTrouble(head, body: try await Self.beginning(of: bytes), from: address)
                }
                if head.headers["content-type"]?.contains("text/event-stream") == true {
                    try await read(bytes, dialect, into: &partial, isEnough: isEnough)
                } else {
                    var json: [UInt8] = []
                    for try await chunk in bytes { json += chunk }
                    try partial.add(dialect.piece(json))
                    _ = isEnough(&partial)
                }
            }
        } catch let error as HTTPError {
            try Task.checkCancellation()
            throw RemoteTrouble(error)
        }
        if partial.finishReason == nil {
            throw RemoteTrouble.cut("\(address) ended its answer without a finish reason")
        }
    }

    private func read(
        _ bytes: HTTPBody, _ dialect: Dialect, into partial: inout PartialAnswer,
        isEnough: (inout PartialAnswer) -> Bool
    ) async throws {
        var events = ServerSentEvents()
        for try await chunk in bytes {
            do {
                for event in try events.take(chunk) {
                    if event.elementsEqual("[DONE]".utf8) { return }
                    try partial.add(dialect.piece(event))
                    if isEnough(&partial) { return }
                }
            } catch let error as ServerSentEvents.Oversized {
                throw RemoteTrouble.oversized("\(address): \(error)")
            }
        }
    }

    /// The first bytes of an error's text.
    private static func beginning(of bytes: HTTPBody) async throws -> [UInt8] {
        var text: [UInt8] = []
        for try await chunk in bytes {
            text += chunk
            if text.count > 8192 { break }
        }
        return text
    }
}
