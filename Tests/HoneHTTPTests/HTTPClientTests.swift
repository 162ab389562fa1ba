import HoneConcurrency
import HoneHTTP
import HostileServer
import Testing

@Suite struct HTTPClientTests {
    private let client = HTTPClient()

    private func request(
        _ server: HostileServer, body: String? = nil, _ change: (inout HTTPRequest) -> Void = { _ in }
    ) throws -> HTTPRequest {
        var request = HTTPRequest(try HTTPAddress(server.url).appending("/path"), body: body.map { Array($0.utf8) })
        change(&request)
        return request
    }

    @Test func anAnswerComesWhole() async throws {
        let server = try HostileServer { request, connection in
            connection.answer(201, request.method + request.body, headers: ["X-Mine": "yes"])
        }
        let response = try await client.send(request(server, body: "{}"))
        #expect(response.head.status == 201)
        #expect(response.head.headers["x-mine"] == "yes")
        #expect(String(decoding: response.body, as: UTF8.self) == "POST{}")
        let get = try await client.send(request(server))
        #expect(String(decoding: get.body, as: UTF8.self) == "GET")
    }

    @Test func theKeyIsSentAndNeverShown() async throws {
        let server = try HostileServer { _, connection in connection.answer("{}") }
        let key = Secret("very-secret")
        _ = try await client.send(request(server) { $0.key = key })
        #expect(server.requests[0].headers["authorization"] == "Bearer very-secret")
        let described = "\(key) \(String(reflecting: key)) \(try request(server) { $0.key = key })"
        #expect(!described.contains("very-secret"))
        await #expect(throws: HTTPError.badHeader(name: "Authorization")) {
            try await client.send(request(server) { $0.key = Secret("a\r\nX-Evil: 1") })
        }
    }

    @Test(arguments: ["ftp://host", "host:80", "http://", "http://me:pass@host", "http://host/?key=1", "http://a b"])
    func anAddressThatIsNoneIsRefusedWithoutItsPassword(_ text: String) throws {
        let error = #expect(throws: HTTPError.self) { try HTTPAddress(text) }
        #expect(!"\(try #require(error))".contains("pass"))
    }

    @Test func silenceBeforeTheFirstByteAndBetweenBytesRunOutOnTimersOfTheirOwn() async throws {
        let silent = try HostileServer { _, connection in connection.waitForClose() }
        let quick: @Sendable (inout HTTPRequest) -> Void = { $0.limits.firstByte = .milliseconds(150) }
        await #expect(throws: HTTPError.timedOut(.firstByte, address: silent.url + "/path", limit: .milliseconds(150)))
        {
            try await client.send(request(silent, quick))
        }
        let stuck = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event("1")
            connection.waitForClose()
        }
        await #expect(
            throws: HTTPError.timedOut(.betweenBytes, address: stuck.url + "/path", limit: .milliseconds(150))
        ) {
            try await client.send(request(stuck) { $0.limits.betweenBytes = .milliseconds(150) })
        }
    }

    @Test func aSlowDripEndsWithTheTotalTime() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            while !connection.waitForClose(milliseconds: 20) { connection.chunk("x") }
        }
        await #expect(throws: HTTPError.timedOut(.total, address: server.url + "/path", limit: .milliseconds(400))) {
            try await client.send(request(server) { $0.limits.total = .milliseconds(400) })
        }
    }

    @Test func aBodyBeyondItsLimitIsStopped() async throws {
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            while !connection.waitForClose(milliseconds: 0) { connection.chunk(String(repeating: "x", count: 10_000)) }
        }
        await #expect(throws: HTTPError.tooLarge(address: server.url + "/path", limit: 100_000)) {
            try await client.send(request(server) { $0.limits.bodyByteCount = 100_000 })
        }
    }

    @Test func aConnectionThatEndsTooEarlyIsNoAnswer() async throws {
        let server = try HostileServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        }
        let error = await #expect(throws: HTTPError.self) { try await client.send(request(server)) }
        guard case .cut(_, receivedByteCount: 4, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func whatIsNoHTTPIsSaidToBeNone() async throws {
        let server = try HostileServer { _, connection in connection.send("SSH-2.0-OpenSSH\r\n\r\n") }
        let error = await #expect(throws: HTTPError.self) { try await client.send(request(server)) }
        guard case .garbage = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aServerThatIsNotThereIsUnreachable() async throws {
        let server = try HostileServer { _, _ in }
        server.stop()
        let error = await #expect(throws: HTTPError.self) { try await client.send(request(server)) }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func cancellingTheTaskClosesTheConnection() async throws {
        let (closed, saysClosed) = AsyncStream<Bool>.makeStream()
        let (begun, saysBegun) = AsyncStream<Void>.makeStream()
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event("1")
            saysBegun.yield()
            saysClosed.yield(connection.waitForClose())
        }
        let asked = try request(server)
        let task = Task { try await client.send(asked) }
        for await _ in begun { break }
        task.cancel()
        await #expect(throws: HTTPError.cancelled) { try await task.value }
        for await isClosed in closed {
            #expect(isClosed)
            break
        }
    }

    @Test func aReaderThatLagsHoldsTheServerBackAndLosesNothing() async throws {
        let total = 8 << 20
        let server = try HostileServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\nConnection: close\r\n\r\n")
            connection.send([UInt8](repeating: 7, count: total))
        }
        // A timer that would run out if the time that nobody reads counted.
        let asked = try request(server) { $0.limits.betweenBytes = .milliseconds(300) }
        let count = try await client.stream(asked) { _, body in
            var count = 0
            var isFirst = true
            for try await chunk in body {
                if isFirst { try await pause(for: .milliseconds(700)) }
                isFirst = false
                count += chunk.count
            }
            return count
        }
        #expect(count == total)
    }

    @Test func manyTransfersRunAtATime() async throws {
        let server = try HostileServer { request, connection in connection.answer(request.body) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                let asked = try request(server, body: "\(number)")
                group.addTask { [client] in
                    String(decoding: try await client.send(asked).body, as: UTF8.self) == "\(number)"
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
