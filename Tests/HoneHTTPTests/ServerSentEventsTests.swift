import HoneHTTP
import Testing

@Suite struct ServerSentEventsTests {
    private func events(_ text: String, cutEvery size: Int) throws -> [String] {
        var events = ServerSentEvents()
        let bytes = Array(text.utf8)
        return try stride(from: 0, to: bytes.count, by: size).flatMap { start in
            try events.take(Array(bytes[start..<min(bytes.count, start + size)]))
        }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func eventsAreTheSameHoweverTheBytesWereCut(_ size: Int) throws {
        let text =
            "data: {\"a\": 1}\n\n: a comment\nevent: x\nid: 4\ndata:zwei\r\ndata: drei é\r\n\r\n\n\ndata\n\n"
            + "retry: 3\n\ndata: left"
        #expect(try events(text, cutEvery: size) == ["{\"a\": 1}", "zwei\ndrei é", ""])
    }

    @Test func anEventWithoutEndIsBounded() throws {
        var events = ServerSentEvents(limit: 100)
        #expect(throws: ServerSentEvents.Oversized.self) {
            for _ in 0..<20 { _ = try events.take(Array("data: 0123456789\n".utf8)) }
        }
    }
}
