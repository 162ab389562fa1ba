import HoneHTTP
import HoneInference
import HoneRemote
import HoneTokenizer
import HostileServer
import Testing

/// Every way in which a server can fail, and what becomes of the request.
@Suite struct RemoteFailureTests {
    private let request = RemoteFixture.request()

    private func outcome(
        _ engine: RemoteEngine, _ request: EngineRequest = RemoteFixture.request()
    ) async throws -> EngineOutcome {
        try await engine.outcomes(of: [request])[0]
    }

    private func text(_ outcome: EngineOutcome) throws -> String { try outcome.get().result.text }

    @Test func aServerWithoutRoomIsLeftAloneAndAnotherOneAsked() async throws {
        let full = try HostileServer { _, connection in
            connection.answer(503, "{\"error\":\"The request queue is full.\"}")
        }
        let free = try HostileServer { _, connection in RemoteFixture.answer("4", over: connection) }
        let engine = try RemoteFixture.engine(full, free)
        for outcome in try await engine.outcomes(of: [EngineRequest](repeating: request, count: 20)) {
            #expect(try text(outcome) == "4")
        }
        #expect(full.requests.count < 20, "it was asked again without a pause: \(full.requests.count) times")
    }

    @Test func aServerThatNamesATimeIsNotAskedBefore() async throws {
        let count = Counter()
        let server = try HostileServer { _, connection in
            if count.next() == 1 {
                connection.answer(429, "{}", headers: ["Retry-After": "1"])
            } else {
                RemoteFixture.answer("4", over: connection)
            }
        }
        let start = ContinuousClock.now
        #expect(try text(await outcome(RemoteFixture.engine(server))) == "4")
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test func withoutAnyRoomTheRequestIsGivenBackWithoutBlame() async throws {
        let server = try HostileServer { _, connection in connection.answer(503, "{}") }
        let outcome = try await outcome(RemoteFixture.engine(server) { $0.patience = .milliseconds(300) })
        guard case .failure(.unavailable(_, let retryAfter)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(retryAfter > .zero)
    }

    @Test func aBadRequestFailsForGoodAndAlone() async throws {
        let server = try HostileServer { request, connection in
            if request.body.contains(RemoteFixture.ids("bad")) {
                connection.answer(400, "{\"error\":{\"message\":\"the context is 10 tokens\\nlong\"}}")
            } else {
                RemoteFixture.answer("4", over: connection)
            }
        }
        let outcomes = try await RemoteFixture.engine(server).outcomes(
            of: [RemoteFixture.request("good"), RemoteFixture.request("bad"), RemoteFixture.request("good")])
        #expect(try text(outcomes[0]) == "4")
        #expect(try text(outcomes[2]) == "4")
        #expect(outcomes[1] == .failure(.rejected("\(server.url) says 400: the context is 10 tokens long")))
    }

    @Test func anUnknownModelIsLookedUpOnceMore() async throws {
        let asked = Counter()
        let server = try HostileServer { request, connection in
            if request.path == "/v1/models" {
                connection.answer("{\"data\":[{\"id\":\"other\"},{\"id\":\"m\"}]}")
            } else if asked.next() == 1 {
                connection.answer(404, "{\"error\":{\"message\":\"The model `m` does not exist.\"}}")
            } else {
                RemoteFixture.answer("4", over: connection)
            }
        }
        #expect(try text(await outcome(RemoteFixture.engine(server))) == "4")
        #expect(server.requests.map(\.path) == ["/v1/completions", "/v1/models", "/v1/completions"])
    }

    @Test func aModelThatIsGoneFailsWithTheNamesThatThereAre() async throws {
        let server = try HostileServer { request, connection in
            if request.path == "/v1/models" {
                connection.answer("{\"data\":[{\"id\":\"other\"}]}")
            } else {
                connection.answer(404, "{\"error\":{\"message\":\"The model `m` does not exist.\"}}")
            }
        }
        let outcome = try await outcome(RemoteFixture.engine(server))
        #expect(outcome == .failure(.failed("\(server.url) does not serve m; it serves other")))
    }

    @Test func aDeadEngineIsTakenOutAndItsRequestsGoElsewhere() async throws {
        let dead = try HostileServer { _, connection in connection.answer(500, "{\"error\":\"EngineDeadError\"}") }
        let alive = try HostileServer { _, connection in RemoteFixture.answer("4", over: connection) }
        let engine = try RemoteFixture.engine(dead, alive)
        for outcome in try await engine.outcomes(of: [EngineRequest](repeating: request, count: 30)) {
            #expect(try text(outcome) == "4")
        }
        #expect(dead.requests.count <= 20, "the dead server was asked \(dead.requests.count) times")
    }

    @Test func aServerThatIsGoneLeavesTheRequestBlameless() async throws {
        let server = try HostileServer { _, _ in }
        server.stop()
        let outcome = try await outcome(RemoteFixture.engine(server) { $0.patience = .milliseconds(300) })
        guard case .failure(.unavailable) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func aCutStreamIsTakenUpByItsTokens() async throws {
        let count = Counter()
        let server = try HostileServer { request, connection in
            if count.next() == 1 {
                connection.beginEvents()
                connection.event(RemoteFixture.event("ab"))
            } else {
                RemoteFixture.answer("cd", over: connection)
            }
        }
        let answer = try await outcome(RemoteFixture.engine(server)).get()
        #expect(answer.result.text == "abcd")
        #expect(answer.result.tokens == RemoteFixture.tokenizer.encode("abcd"))
        #expect(answer.result.logProbs.count == 4 && answer.hasTokens)
        let second = server.requests[1].json
        #expect(second["prompt"] as? [Int] == RemoteFixture.tokenizer.encode("2+2=ab").map(Int.init))
        #expect(second["max_tokens"] as? Int == 6)
    }

    @Test func aCutStreamWithoutTokensBeginsAnew() async throws {
        let count = Counter()
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            if count.next() == 1 {
                connection.event("{\"choices\":[{\"text\":\"half an\"}]}")
            } else {
                connection.event("{\"choices\":[{\"text\":\"whole\",\"finish_reason\":\"stop\"}]}")
                connection.endEvents()
            }
        }
        let engine = try RemoteFixture.engine(server, usesTokenIDs: false)
        let answer = try await outcome(engine, EngineRequest(prompt: .text("2+2="), maximumNewTokens: 8)).get()
        #expect(answer.result.text == "whole")
        #expect(!answer.hasTokens && answer.result.tokens.isEmpty)
    }

    @Test func aStreamThatIsAlwaysCutIsNeverAWholeAnswer() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event("{\"choices\":[{\"text\":\"x\"}]}")
            connection.endEvents()  // the mark of the end, and no finish reason before it
        }
        let engine = try RemoteFixture.engine(server, usesTokenIDs: false)
        let outcome = try await outcome(engine, EngineRequest(prompt: .text("2+2="), maximumNewTokens: 8))
        #expect(outcome == .failure(.failed("\(server.url) ended its answer without a finish reason")))
    }

    /// As llama.cpp's Python server does with a prompt beyond its context.
    @Test func aStreamThatEndsWithoutAWordIsAskedForInOnePiece() async throws {
        let server = try HostileServer { request, connection in
            if request.json["stream"] as? Bool == true {
                connection.beginEvents()
                connection.send("0\r\n\r\n")
            } else {
                connection.answer(400, "{\"error\":{\"message\":\"maximum context length is 256\"}}")
            }
        }
        let outcome = try await outcome(RemoteFixture.engine(server))
        #expect(outcome == .failure(.rejected("\(server.url) says 400: maximum context length is 256")))
    }

    @Test func anAbortedAnswerIsNoAnswer() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event("{\"choices\":[{\"text\":\"x\",\"finish_reason\":\"abort\"}]}")
            connection.endEvents()
        }
        let engine = try RemoteFixture.engine(server, usesTokenIDs: false)
        let outcome = try await outcome(engine, EngineRequest(prompt: .text("2+2="), maximumNewTokens: 8))
        guard case .failure(.aborted) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func anAnswerThatReachedItsLimitSaysSo() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event(RemoteFixture.event("abc", finish: "length"))
            connection.endEvents()
        }
        #expect(try await outcome(RemoteFixture.engine(server)).get().result.finishReason == .length)
    }

    @Test func aSilentServerRunsOutOfTimeAndAnotherAnswers() async throws {
        let silent = try HostileServer { _, connection in connection.waitForClose() }
        let good = try HostileServer { _, connection in RemoteFixture.answer("4", over: connection) }
        let engine = try RemoteFixture.engine(silent, good) { $0.limits.firstByte = .milliseconds(200) }
        for outcome in try await engine.outcomes(of: [EngineRequest](repeating: request, count: 6)) {
            #expect(try text(outcome) == "4")
        }
    }

    @Test(arguments: [
        "no json at all", "{\"choices\":7}", "{\"choices\":[{\"text\":5,\"finish_reason\":\"stop\"}]}",
        "{\"choices\":[{\"text\":\"a\",\"token_ids\":[\"x\"]}]}", "{\"choices\":[{\"token_ids\":[99999999999]}]}",
        "{\"choices\":[{\"text\":\"ab\",\"token_ids\":[1,2],\"logprobs\":{\"token_logprobs\":[-1]}}]}", "[]", "null",
    ])
    func garbageInAStreamIsNeverAnAnswer(_ event: String) async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event(event)
            connection.endEvents()
        }
        guard case .failure(.failed) = try await outcome(RemoteFixture.engine(server)) else {
            Issue.record("\(event) was taken for an answer")
            return
        }
    }

    @Test func anErrorInTheMiddleOfAStreamIsReadAsWhatItIs() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event(RemoteFixture.event("a"))
            connection.event("{\"error\":{\"message\":\"prompt too long\",\"code\":400}}")
            connection.endEvents()
        }
        #expect(
            try await outcome(RemoteFixture.engine(server))
                == .failure(.rejected("the server broke off: prompt too long")))
    }

    @Test func anAnswerWithoutEndIsStoppedAtItsBound() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            while !connection.waitForClose(milliseconds: 0) {
                connection.event(RemoteFixture.event(String(repeating: "x", count: 500)))
            }
        }
        let outcome = try await outcome(RemoteFixture.engine(server) { $0.limits.bodyByteCount = 200_000 })
        guard case .failure(.failed(let reason)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("larger than 200000 bytes"))
    }

    @Test func aRefusedKeyIsSaidSoAndNotShown() async throws {
        let server = try HostileServer { _, connection in connection.answer(401, "{\"error\":\"bad key\"}") }
        let outcome = try await outcome(
            RemoteFixture.engine(server) {
                $0.key = .init("very-secret")
                $0.patience = .milliseconds(200)
            })
        guard case .failure(.unavailable(let reason, _)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("401") && !reason.contains("very-secret"))
        #expect(!server.requests[0].body.contains("very-secret"))
    }
}
