import HoneGrammar
import HoneInference
import HoneRemote
import HoneTokenizer
import HostileServer
import Testing

/// What comes of answers that do come.
@Suite struct RemoteAnswerTests {
    @Test func anAnswerOfVLLMIsItsTokens() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event(
                """
                {"request_id":"r","choices":[{"index":0,"token_ids":[52],"logprobs":{"content":[{"token":"4",\
                "logprob":-0.25}]},"finish_reason":null,"weight_version_spans":[{"version":"7","start":0,"end":1}]}]}
                """)
            connection.event(
                "{\"choices\":[{\"index\":0,\"token_ids\":[256],\"logprobs\":{\"content\":[{\"logprob\":-0.5}]},"
                    + "\"finish_reason\":\"stop\"}]}")
            connection.endEvents()
        }
        let engine = try RemoteFixture.engine(server, dialect: .vllm)
        var request = RemoteFixture.request()
        request.sampling = SamplingParameters(temperature: 0.5, topK: 3, topP: 0.9, seed: 1 << 40 | 5)
        let answer = try await engine.outcomes(of: [request])[0].get()
        #expect(answer.result.text == "4")
        #expect(answer.result.tokens == [52, 256] && answer.result.logProbs == [-0.25, -0.5])
        #expect(answer.weights == [VersionSpan(version: "7", tokens: 0..<1)])
        let sent = server.requests[0].json
        #expect(server.requests[0].path == "/inference/v1/generate")
        #expect(sent["token_ids"] as? [Int] == [50, 43, 50, 61])
        let sampling = try #require(sent["sampling_params"] as? [String: Any])
        #expect(sampling["top_k"] as? Int == 3 && sampling["seed"] as? Int == 5)
    }

    @Test(arguments: [true, false]) func anAnswerOfSGLangIsTheSameInBothOfItsForms(_ isWhole: Bool) async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event(
                """
                {"text":"a","output_ids":[97],"meta_info":{"finish_reason":null,"completion_tokens":1,\
                "weight_version":"1","output_token_logprobs":[[-0.5,97,null]]}}
                """)
            let (ids, scored) =
                isWhole ? ("[97,98]", "[[-0.5,97,null],[-0.25,98,null]]") : ("[98]", "[[-0.25,98,null]]")
            connection.event(
                """
                {"text":"ab","output_ids":\(ids),"meta_info":{"finish_reason":{"type":"length","length":2},\
                "completion_tokens":2,"prompt_tokens":4,"weight_version":"1","output_token_logprobs":\(scored)}}
                """)
            connection.endEvents()
        }
        let answer = try await RemoteFixture.engine(server, dialect: .sglang).outcomes(
            of: [RemoteFixture.request()])[0].get()
        #expect(answer.result.tokens == [97, 98] && answer.result.logProbs == [-0.5, -0.25])
        #expect(answer.result.text == "ab" && answer.result.finishReason == .length)
        #expect(answer.weights == [VersionSpan(version: "1", tokens: 0..<2)])
        #expect(answer.promptTokenCount == 4)
    }

    @Test func aConversationGoesOutAsOne() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event("{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}")
            connection.event("{\"choices\":[{\"delta\":{\"content\":\"hel\"}}]}")
            connection.event("{\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}")
            connection.endEvents()
        }
        let engine = try RemoteFixture.engine(server, dialect: .chat, usesTokenIDs: false)
        let request = EngineRequest(
            prompt: .messages([ChatMessage(role: "user", content: "hi")]), maximumNewTokens: 4, stopTexts: ["\n"])
        let answer = try await engine.outcomes(of: [request])[0].get()
        #expect(answer.result.text == "hello" && !answer.hasTokens)
        let sent = server.requests[0].json
        #expect((sent["messages"] as? [[String: String]]) == [["role": "user", "content": "hi"]])
        #expect(sent["stop"] as? [String] == ["\n"] && sent["seed"] == nil)
    }

    @Test func aSchemaGoesOutInTheServersFormAndOtherFormatsAreRefused() async throws {
        let server = try HostileServer { _, connection in
            connection.answer("{\"choices\":[{\"message\":{\"content\":\"true\"},\"finish_reason\":\"stop\"}]}")
        }
        let engine = try RemoteFixture.engine(server, dialect: .chat, usesTokenIDs: false)
        func request(_ format: AnswerFormat) -> EngineRequest {
            EngineRequest(
                prompt: .messages([ChatMessage(role: "user", content: "hi")]), maximumNewTokens: 4, format: format)
        }
        let answer = try await engine.outcomes(of: [request(.jsonSchema(#"{"type":"boolean"}"#))])[0].get()
        #expect(answer.result.text == "true")
        let format = server.requests[0].json["response_format"] as? [String: Any]
        let named = format?["json_schema"] as? [String: Any]
        #expect(format?["type"] as? String == "json_schema")
        #expect(named?["schema"] as? [String: String] == ["type": "boolean"])
        #expect(throws: EngineFailure.self) { try engine.check(request(.regex("a"))) }
        var tokens = RemoteFixture.request()
        tokens.format = .jsonSchema("{}")
        #expect(throws: EngineFailure.self) { try RemoteFixture.engine(server, dialect: .vllm).check(tokens) }
    }

    @Test func aServerThatDoesNotStreamIsReadToo() async throws {
        let server = try HostileServer { _, connection in
            connection.answer(
                "{\"choices\":[{\"text\":\"four\",\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3}}")
        }
        let engine = try RemoteFixture.engine(server, usesTokenIDs: false)
        let answer = try await engine.outcomes(
            of: [EngineRequest(prompt: .text("2+2="), maximumNewTokens: 4)])[0].get()
        #expect(answer.result.text == "four" && answer.promptTokenCount == 3)
    }

    @Test func aStopTextEndsTheAnswerAndTheServersWork() async throws {
        let (closed, saysClosed) = AsyncStream<Bool>.makeStream()
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event("{\"choices\":[{\"token_ids\":[97,98,10,99]}]}")
            saysClosed.yield(connection.waitForClose())
        }
        let answer = try await RemoteFixture.engine(server, dialect: .vllm).outcomes(
            of: [RemoteFixture.request(stop: ["\n"])])[0].get()
        #expect(answer.result.text == "ab" && answer.result.tokens == [97, 98, 10])
        #expect(answer.result.finishReason == .stop)
        for await isClosed in closed {
            #expect(isClosed)
            break
        }
    }

    @Test func newWeightsInTheMiddleSplitTheAnswer() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event(RemoteFixture.event("ab", version: "1"))
            connection.event(RemoteFixture.event("c", finish: "stop", version: "2"))
            connection.endEvents()
        }
        let answer = try await RemoteFixture.engine(server).outcomes(of: [RemoteFixture.request()])[0].get()
        #expect(answer.weights == [VersionSpan(version: "1", tokens: 0..<2), VersionSpan(version: "2", tokens: 2..<3)])
        #expect(answer.isSkewed)
    }

    @Test func aServerThatDoesNotTellIsAskedForItsWeightsBeforeAndAfter() async throws {
        let count = Counter()
        let server = try HostileServer { request, connection in
            if request.path == "/weight_info" {
                connection.answer("{\"weight_version\":\"\(count.next() == 1 ? 7 : 8)\"}")
            } else {
                RemoteFixture.answer("ab", over: connection)
            }
        }
        let engine = try RemoteFixture.engine(server) { $0.weightVersion = "7" }
        let answer = try await engine.outcomes(of: [RemoteFixture.request()])[0].get()
        #expect(answer.isSkewed && answer.weights.map(\.version) == ["7", "8"])
    }

    @Test func otherWeightsThanWantedDoNotAnswer() async throws {
        let server = try HostileServer { _, connection in connection.answer("{\"weight_version\":\"6\"}") }
        let engine = try RemoteFixture.engine(server) {
            $0.weightVersion = "7"
            $0.patience = .milliseconds(200)
        }
        guard case .failure(.unavailable(let reason, _)) = try await engine.outcomes(of: [RemoteFixture.request()])[0]
        else {
            Issue.record("weights 6 answered in the place of 7")
            return
        }
        #expect(reason.contains("'6', not '7'"))
    }

    @Test func whatIsNotWantedAnyMoreIsDroppedAndTheOthersGoOn() async throws {
        let (closed, saysClosed) = AsyncStream<Bool>.makeStream()
        let server = try HostileServer { request, connection in
            if request.body.contains(RemoteFixture.ids("long")) {
                connection.beginEvents()
                connection.event(RemoteFixture.event("x"))
                saysClosed.yield(connection.waitForClose())
            } else {
                RemoteFixture.answer("4", over: connection)
            }
        }
        let outcomes = try await RemoteFixture.engine(server).outcomes(
            of: [RemoteFixture.request("long"), RemoteFixture.request("short")], isWanted: { $0 == 1 })
        #expect(try outcomes[1].get().result.text == "4")
        #expect(outcomes[0] == .failure(.aborted("not wanted any more")))
        saysClosed.yield(true)  // it may never have been asked at all
        for await isClosed in closed {
            #expect(isClosed)
            break
        }
    }

    @Test func requestsGoToTheServerWithTheLeastToDo() async throws {
        let servers = try (0..<2).map { _ in
            try HostileServer { _, connection in
                connection.waitForClose(milliseconds: 30)
                RemoteFixture.answer("4", over: connection)
            }
        }
        let engine = try RemoteFixture.engine(servers[0], servers[1]) { $0.concurrency = 8 }
        for outcome in try await engine.outcomes(of: (0..<40).map { _ in RemoteFixture.request() }) {
            #expect(try outcome.get().result.text == "4")
        }
        #expect(servers.allSatisfy { $0.requests.count >= 10 }, "\(servers.map { $0.requests.count })")
    }

    @Test func aPromptBeyondTheContextIsRefusedWithBothLengths() async throws {
        let server = try HostileServer { _, _ in }
        let engine = try RemoteFixture.engine(server) { $0.contextLength = 3 }
        #expect(
            try await engine.outcomes(of: [RemoteFixture.request("2+2=")])[0]
                == .failure(.rejected("the prompt has 4 tokens and the model's context 3; shorten the prompt")))
        #expect(server.requests.isEmpty)
    }
}
