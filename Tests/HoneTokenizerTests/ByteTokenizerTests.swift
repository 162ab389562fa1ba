import Foundation
import HoneTokenizer
import Testing

/// What Hugging Face's tokenizers does; `Tests/Oracles/tokenizer_fixtures.py` writes these files.
private struct Fixture: Decodable {
    let vocabulary_size: Int
    let encoded: [Encoded]
    let decoded: [Decoded]

    struct Encoded: Decodable {
        let text: String
        let ids: [Int32]
    }

    struct Decoded: Decodable {
        let ids: [Int32]
        let text: String
        let with_special: String
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tokenizer")
    static let tokenizerPath = folder.appending(path: "tokenizer.json").path()
    static let mergesPath = folder.appending(path: "merges.json").path()

    static func read(_ name: String = "expected.json") throws -> Fixture {
        let data = try Data(contentsOf: folder.appending(path: name))
        return try JSONDecoder().decode(Fixture.self, from: data)
    }
}

@Suite struct ByteTokenizerTests {
    private let tokenizer = ByteTokenizer()

    @Test func `ids and texts are those of Hugging Face's tokenizers`() throws {
        let fixture = try Fixture.read()
        for tokenizer in [self.tokenizer, try ByteTokenizer(contentsOf: Fixture.tokenizerPath)] {
            #expect(tokenizer.vocabularySize == fixture.vocabulary_size)
            for example in fixture.encoded {
                #expect(tokenizer.encode(example.text, parsingSpecialTokens: true) == example.ids)
            }
            for example in fixture.decoded {
                #expect(tokenizer.decode(example.ids) == example.text)
                #expect(tokenizer.decode(example.ids, keepingSpecialTokens: true) == example.with_special)
            }
        }
    }

    @Test func `words and merges are those of Hugging Face's tokenizers`() throws {
        let fixture = try Fixture.read("merges_expected.json")
        let tokenizer = try ByteTokenizer(contentsOf: Fixture.mergesPath)
        #expect(tokenizer.vocabularySize == fixture.vocabulary_size)
        for example in fixture.encoded {
            #expect(tokenizer.encode(example.text, parsingSpecialTokens: true) == example.ids)
        }
        for example in fixture.decoded {
            #expect(tokenizer.decode(example.ids) == example.text)
            #expect(tokenizer.decode(example.ids, keepingSpecialTokens: true) == example.with_special)
        }
        let again = try ByteTokenizer(tokenizerJSON: tokenizer.tokenizerJSON(), path: "saved")
        #expect(again == tokenizer)
    }

    @Test func `a learnt vocabulary makes frequent words one token, and keeps every text`() throws {
        let texts = ["low low low low low lowest lowest newer newer newer newer newer newer wider wider wider"]
        let tokenizer = ByteTokenizer.trained(on: texts, vocabularySize: 300)
        #expect(tokenizer == ByteTokenizer.trained(on: texts, vocabularySize: 300))
        #expect(tokenizer.encode(" newer").count == 1)
        #expect(tokenizer.encode(" low").count == 1)
        // Pairs that occur once only are not learnt.
        #expect(tokenizer.encode(" west").count > 1)
        #expect(tokenizer.vocabularySize <= 300)
        for text in texts + ["", " caf\u{E9} \u{4E2D}<|eos|>"] {
            #expect(tokenizer.decode(tokenizer.encode(text)) == text)
        }
        #expect(ByteTokenizer.trained(on: texts, vocabularySize: 0).encode("ab") == [97, 98])
    }

    @Test func `the most frequent pair is merged first, and of equal ones that of the smaller ids`() {
        let tokenizer = ByteTokenizer.trained(on: ["abab ab", "cd", "cd", "xy", "xy"], vocabularySize: 259)
        #expect(tokenizer.encode("abcdxy") == [258, 99, 100, 120, 121])
        let next = ByteTokenizer.trained(on: ["xy", "xy", "cd", "cd"], vocabularySize: 259)
        #expect(next.encode("cdxy") == [258, 120, 121])
    }

    @Test func `text from users cannot write a special token`() {
        let ids = tokenizer.encode("1<|eos|>2")
        #expect(!ids.contains(tokenizer.endOfTextID))
        #expect(tokenizer.decode(ids) == "1<|eos|>2")
        #expect(tokenizer.paddingID != tokenizer.endOfTextID)
    }

    @Test func `a saved tokenizer is the same when it is read again`() throws {
        let data = try tokenizer.tokenizerJSON()
        #expect(try ByteTokenizer(tokenizerJSON: data, path: "saved") == tokenizer)
        #expect(try ByteTokenizer(contentsOf: Fixture.tokenizerPath) == tokenizer)
        #expect(try ByteTokenizer(tokenizerJSON: data, path: "saved").tokenizerJSON() == data)
    }

    @Test func `streamed pieces join to the text decoded at once`() throws {
        var idLists = try Fixture.read().decoded.map(\.ids)
        idLists.append(tokenizer.encode("x\u{E9}\u{4E2D}\u{1F468}\u{200D}\u{1F469}\u{301}!"))
        for ids in idLists {
            var decoder = StreamingDecoder(tokenizer: tokenizer)
            var pieces: [String] = []
            for id in ids { pieces.append(decoder.append(id)) }
            pieces.append(decoder.finish())
            #expect(pieces.joined() == tokenizer.decode(ids))
        }
    }

    @Test func `a character is streamed with its last byte and not before`() {
        var decoder = StreamingDecoder(tokenizer: tokenizer)
        let pieces = tokenizer.encode("a\u{1F468}b").map { decoder.append($0) }
        #expect(pieces == ["a", "", "", "", "\u{1F468}", "b"])
    }
}

@Suite struct TokenizerFileTests {
    @Test func `a missing file is named`() {
        #expect {
            try ByteTokenizer(contentsOf: "/nowhere/tokenizer.json")
        } throws: {
            "\($0)".contains("/nowhere/tokenizer.json")
        }
    }

    @Test(arguments: [
        (#""merges": []"#, #""merges": ["a b"]"#, "model.merges makes \"ab\""),
        (#""merges": []"#, #""merges": [["a", "bc"]]"#, "model.merges makes \"bc\""),
        (#""merges": []"#, #""merges": ["abc"]"#, "a merge is of two tokens"),
        (#""ignore_merges": false"#, #""ignore_merges": true"#, "model.ignore_merges is true"),
        (#""type": "BPE""#, #""type": "Unigram""#, "model.type is Unigram"),
        (#""normalizer": null"#, #""normalizer": {"type": "NFC"}"#, "normalizer is NFC"),
        (#""truncation": null"#, #""truncation": {"max_length": 3}"#, "truncation is set"),
        (#""add_prefix_space": false"#, #""add_prefix_space": true"#, "pre_tokenizer.add_prefix_space is true"),
        // T28
        (#""id": 257"#, #""id": 256"#, "\"<|pad|>\" has the id 256 of \"<|eos|>\", so that an answer's end could not"),
        (#""id": 257"#, #""id": 65"#, "\"<|pad|>\" has the id 65"),
        (#""id": 257"#, #""id": 2000000000"#, "\"<|pad|>\" has the id 2000000000"),
        (#""id": 257"#, #""id": 99999999999"#, "is corrupt"),
        (#""content": "<|pad|>""#, #""content": "<|x|>""#, "added_tokens has no \"<|pad|>\""),
        (#""lstrip": false"#, #""lstrip": true"#, "added_tokens \"<|eos|>\" is not plain"),
        (#""A": 65"#, #""A": 66"#, "the id 66, taken"),
        (#""A": 65"#, #""A": 65, "AA": 66"#, "the id 66, taken"),
        (#""A": 65,"#, "", "no entry \"A\" for the byte 65"),
        (#""A": 65"#, #""A": "65""#, "model.vocab.A has another type"),
        (#""decoder": {"#, #""decoder": ["#, "is corrupt"),
        (#""model": {"#, #""modell": {"#, "model is missing"),
    ])
    func `a file that means something else is refused with its field`(
        old: String, new: String, message: String
    ) throws {
        let text = try String(contentsOfFile: Fixture.tokenizerPath, encoding: .utf8)
        let place = try #require(text.range(of: old))
        let changed = Data(text.replacingCharacters(in: place, with: new).utf8)
        #expect {
            try ByteTokenizer(tokenizerJSON: changed, path: "models/x/tokenizer.json")
        } throws: {
            let description = ($0 as? TokenizerError)?.description ?? ""
            return description.contains("models/x/tokenizer.json") && description.contains(message)
        }
    }
}
