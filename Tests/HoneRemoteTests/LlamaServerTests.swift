import Foundation
import HoneHTTP
import HoneInference
import HoneRemote
import Testing

/// A real server: llama.cpp's, by its Python package. `HONE_LLAMA_SERVER` names its address, as in
///
///     python Tests/Oracles/random_gguf.py /tmp/random.gguf
///     python -m llama_cpp.server --model /tmp/random.gguf --port 8099 --n_ctx 256
///     HONE_LLAMA_SERVER=http://127.0.0.1:8099 swift test --filter LlamaServerTests
@Suite struct LlamaServerTests {
    private static let address = ProcessInfo.processInfo.environment["HONE_LLAMA_SERVER"]

    private func engine(_ dialect: Dialect) throws -> RemoteEngine? {
        guard let address = Self.address else {
            print("not tried: HONE_LLAMA_SERVER names no server of llama.cpp; this test's file says how to start one")
            return nil
        }
        let configuration = RemoteEngineConfiguration(endpoints: [try HTTPAddress(address)], dialect: dialect)
        return RemoteEngine(configuration, tokenizer: nil, client: HTTPClient())
    }

    @Test func textsAreAnsweredAndSaidToBeWithoutTokens() async throws {
        guard let engine = try engine(.completions) else { return }
        let requests = (0..<6).map { EngineRequest(prompt: .text("abc \($0)"), maximumNewTokens: 8) }
        for outcome in try await engine.outcomes(of: requests) {
            let answer = try outcome.get()
            #expect([.length, .stop].contains(answer.result.finishReason))
            #expect(!answer.hasTokens && answer.result.tokens.isEmpty)
        }
        let again = try await engine.outcomes(of: requests)
        #expect(try again.map { try $0.get().result.text }.count == 6)
    }

    @Test func aConversationIsAnswered() async throws {
        guard let engine = try engine(.chat) else { return }
        let request = EngineRequest(prompt: .text("hello"), maximumNewTokens: 4)
        #expect(try await engine.outcomes(of: [request])[0].get().result.finishReason != .abort)
    }

    @Test func aPromptBeyondTheContextFailsAlone() async throws {
        guard let engine = try engine(.completions) else { return }
        let long = EngineRequest(prompt: .text(String(repeating: "a b c ", count: 2000)), maximumNewTokens: 8)
        let short = EngineRequest(prompt: .text("a"), maximumNewTokens: 8)
        let outcomes = try await engine.outcomes(of: [long, short])
        guard case .failure(.rejected) = outcomes[0] else {
            Issue.record("\(outcomes[0])")
            return
        }
        #expect(throws: Never.self) { try outcomes[1].get() }
    }
}
