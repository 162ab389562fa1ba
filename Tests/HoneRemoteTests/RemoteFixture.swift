import HoneHTTP
import HoneInference
import HoneRemote
import HoneTokenizer
import HostileServer
import Synchronization

/// What the tests of the remote engine have in common.
enum RemoteFixture {
    static let tokenizer = ByteTokenizer()
    static let client = HTTPClient()

    static func engine(
        _ servers: HostileServer..., dialect: Dialect = .completions, usesTokenIDs: Bool? = true, model: String? = "m",
        _ change: (inout RemoteEngineConfiguration) -> Void = { _ in }
    ) throws -> RemoteEngine {
        var configuration = RemoteEngineConfiguration(
            endpoints: try servers.map { try HTTPAddress($0.url) }, dialect: dialect, model: model,
            usesTokenIDs: usesTokenIDs)
        configuration.patience = .seconds(10)
        configuration.limits.firstByte = .seconds(5)
        configuration.limits.betweenBytes = .seconds(5)
        change(&configuration)
        return RemoteEngine(configuration, tokenizer: tokenizer, client: client)
    }

    static func request(
        _ text: String = "2+2=", maximumNewTokens: Int = 8, stop: [String] = []
    ) -> EngineRequest {
        EngineRequest(prompt: .tokens(tokenizer.encode(text)), maximumNewTokens: maximumNewTokens, stopTexts: stop)
    }

    static func ids(_ text: String) -> String {
        "[" + tokenizer.encode(text).map(String.init).joined(separator: ",") + "]"
    }

    /// An event of `/v1/completions` with tokens, as vLLM sends it.
    static func event(_ text: String, finish: String? = nil, version: String? = nil) -> String {
        let count = tokenizer.encode(text).count
        let logProbs = (0..<count).map { "-0.\($0 + 1)" }.joined(separator: ",")
        return """
            {"choices":[{"index":0,"text":"\(text)","token_ids":\(ids(text)),\
            "logprobs":{"token_logprobs":[\(logProbs)]},\
            "finish_reason":\(finish.map { "\"\($0)\"" } ?? "null")}]\
            \(version.map { ",\"weight_version\":\"\($0)\"" } ?? "")}
            """
    }

    /// Sends a whole answer of `/v1/completions`.
    static func answer(_ text: String, over connection: HostileConnection) {
        connection.beginEvents()
        connection.event(event(text, finish: "stop"))
        connection.endEvents()
    }
}

/// Counts across the threads of a server.
final class Counter: Sendable {
    private let count = Mutex(0)

    /// The number of this call, from 1.
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
