import Foundation
import HoneBatch
import HoneDatasets
import Testing

@Suite struct BatchRequestTests {
    private func read(_ text: String) -> BatchRequest.Line { BatchRequest.read(Data(text.utf8)) }

    private func body(_ body: String, url: String = "/v1/completions") -> BatchRequest.Line {
        read("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"\(url)\",\"body\":\(body)}")
    }

    private func fault(_ line: BatchRequest.Line) -> String? {
        if case .failure(let fault) = line.request { fault.description } else { nil }
    }

    @Test func aCompletionIsRead() throws {
        let request = try body(
            """
            {"model":"m","prompt":"2+2=","max_tokens":5,"temperature":0.5,"top_p":0.9,"seed":7,"n":2,"stop":"\\n",
             "logprobs":1,"stream":false,"user":"me","presence_penalty":0}
            """
        ).request.get()
        #expect(request.customID == "a" && request.endpoint == .completions)
        #expect(request.body.prompt == "2+2=" && request.body.maximumNewTokens == 5 && request.body.stop == ["\n"])
        #expect(request.body.sampleCount == 2 && request.body.seed == 7 && request.body.wantsLogProbs)
    }

    @Test func aFormatOfTheAnswerIsASchema() throws {
        func schema(_ format: String) throws -> JSONValue? {
            try body(#"{"prompt":"x","response_format":\#(format)}"#).request.get().body.answerSchema
        }
        #expect(try schema(#"{"type":"text"}"#) == nil)
        #expect(try schema(#"{"type":"json_object"}"#) == .object(["type": "object"]))
        let named = #"{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"null"}}}"#
        #expect(try schema(named) == .object(["type": "null"]))
    }

    @Test func aConversationIsReadWithTextsInParts() throws {
        let request = try body(
            """
            {"model":"m","messages":[{"role":"system","content":"s"},
             {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],"logprobs":true}
            """, url: "/v1/chat/completions"
        ).request.get()
        #expect(request.body.messages?.map(\.content) == ["s", "ab"])
    }

    @Test(arguments: [
        ("{\"prompt\":\"x\",\"tools\":[{\"type\":\"function\"}]}", "\"tools\" is not supported"),
        ("{\"prompt\":\"x\",\"presence_penalty\":0.5}", "\"presence_penalty\" is not supported"),
        ("{\"prompt\":\"x\",\"guided_regex\":\"a\"}", "\"guided_regex\" is not supported"),
        ("{\"prompt\":\"x\",\"response_format\":{\"type\":\"xml\"}}", "\"response_format\" has the type \"xml\""),
        ("{\"prompt\":\"x\",\"response_format\":{\"type\":\"json_schema\"}}", "json_schema\" is missing"),
        ("{\"prompt\":\"x\",\"stream\":true}", "\"stream\" is not supported"),
        ("{\"prompt\":[1,2]}", "\"prompt\" has the wrong type"),
        ("{\"prompt\":\"x\",\"max_tokens\":\"5\"}", "\"max_tokens\" has the wrong type"),
        ("{\"prompt\":\"x\",\"max_tokens\":0}", "\"max_tokens\" must be between"),
        ("{\"prompt\":\"x\",\"temperature\":-1}", "\"temperature\" must be"),
        ("{\"prompt\":\"\"}", "\"prompt\" is missing or empty"),
        ("{}", "\"prompt\" is missing or empty"),
        ("{\"prompt\":\"a\\u0000b\"}", "U+0000"),
        ("{\"prompt\":\"x\",\"logprobs\":5}", "\"logprobs\" must be 0 or 1"),
        ("[]", "wrong type"),
        ("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "is for /v1/chat/completions"),
    ])
    func whatIsNotFollowedIsAFaultThatNamesIt(_ text: String, _ words: String) {
        let line = body(text)
        #expect(line.customID == "a", "a bad body must not hide whose it is")
        #expect(fault(line)?.contains(words) == true, "\(fault(line) ?? "no fault")")
    }

    @Test(arguments: [
        ("", "no JSON"), ("{", "no JSON"), ("7", "no JSON"), ("\u{FFFD}", "no JSON"),
        ("{\"url\":\"/v1/completions\",\"body\":{}}", "\"custom_id\""),
        ("{\"custom_id\":7,\"url\":\"/v1/completions\",\"body\":{}}", "\"custom_id\""),
        ("{\"custom_id\":\"a\\u0000\",\"url\":\"/v1/completions\",\"body\":{}}", "\"custom_id\""),
        ("{\"custom_id\":\"a\",\"url\":\"/v1/embeddings\",\"body\":{}}", "\"url\""),
        ("{\"custom_id\":\"a\",\"url\":\"/v1/completions\"}", "\"body\" is missing"),
        ("{\"custom_id\":\"a\",\"method\":\"GET\",\"url\":\"/v1/completions\",\"body\":{}}", "POST"),
    ])
    func aLineThatIsNoRequestSaysWhy(_ text: String, _ words: String) {
        #expect(fault(read(text))?.contains(words) == true, "\(fault(read(text)) ?? "no fault")")
    }

    @Test func bytesAtRandomAreAFaultAndNeverMore() {
        var state: UInt64 = 7
        func random() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 40)
        }
        let good = Array("{\"custom_id\":\"a\",\"url\":\"/v1/completions\",\"body\":{\"prompt\":\"x\",\"n\":2}}".utf8)
        for _ in 0..<2000 {
            var bytes = good
            for _ in 0..<3 { bytes[Int(random()) % bytes.count] = random() }
            _ = BatchRequest.read(Data(bytes))
        }
    }
}
