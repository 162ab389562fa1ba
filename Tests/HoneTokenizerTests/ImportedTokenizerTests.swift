import Foundation
import HoneTokenizer
import SeededRandom
import Testing

/// What Hugging Face's tokenizers does; `Tests/Oracles/imported_tokenizer_fixtures.py` writes these files.
private struct Expected: Decodable {
    let encoded: [[Int32]]
    let decoded: [Decoded]

    struct Decoded: Decodable {
        let ids: [Int32]
        let text: String
        let with_special: String
    }
}

@Suite struct ImportedTokenizerTests {
    static let names = [
        "gpt2", "llama-2", "llama-2-metaspace", "llama-3", "o200k", "qwen2", "qwen3.5", "smollm",
    ]
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/imported-tokenizers")

    private static func read<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
    }

    private static func json(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: "\(name)/tokenizer.json"), encoding: .utf8)
    }

    /// Reads a directory with this content.
    private static func tokenizer(_ json: String, settings: String? = nil) throws -> BytePairTokenizer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hone-tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(json.utf8).write(to: folder.appending(path: "tokenizer.json"))
        if let settings { try Data(settings.utf8).write(to: folder.appending(path: "tokenizer_config.json")) }
        return try BytePairTokenizer(directory: folder.path())
    }

    @Test(arguments: names)
    func `ids and texts are those of Hugging Face's tokenizers`(name: String) throws {
        let tokenizer = try BytePairTokenizer(directory: Self.folder.appending(path: name).path())
        let texts = try Self.read([String].self, "texts.json")
        let expected = try Self.read(Expected.self, "\(name)/expected.json")
        for (text, ids) in zip(texts, expected.encoded) {
            let found =
                tokenizer.prefixTokens + tokenizer.encode(text, parsingSpecialTokens: true)
                + tokenizer.suffixTokens
            #expect(found == ids, "\(text.debugDescription)")
        }
        for example in expected.decoded {
            #expect(tokenizer.decode(example.ids) == example.text, "\(example.ids)")
            #expect(tokenizer.decode(example.ids, keepingSpecialTokens: true) == example.with_special)
        }
    }

    @Test func `Hone's own tokenizers read the same through both readers`() throws {
        for tokenizer in [
            ByteTokenizer(), ByteTokenizer.trained(on: ["ann has apples", "apples are here"], vocabularySize: 280),
        ] {
            let json = String(decoding: try tokenizer.tokenizerJSON(), as: UTF8.self)
            let other = try Self.tokenizer(json)
            #expect(other.endOfTextID == tokenizer.endOfTextID && other.vocabularySize == tokenizer.vocabularySize)
            for text in ["", "ann  has 12 apples<|eos|>\n", "中文 é"] {
                #expect(
                    other.encode(text, parsingSpecialTokens: true) == tokenizer.encode(text, parsingSpecialTokens: true)
                )
                #expect(other.encode(text) == tokenizer.encode(text))
                #expect(other.decode(other.encode(text)) == text)
            }
        }
    }

    @Test func `the tokenizer's settings name the end and whether a text gets a start`() throws {
        let json = try Self.json("llama-3")
        let plain = try Self.tokenizer(json)
        #expect(plain.endOfTextID == -1 && plain.prefixTokens.count == 1)
        let end = #""eos_token": {"content": "<|im_end|>"}, "pad_token": "<pad>""#
        let named = try Self.tokenizer(json, settings: "{\(end)}")
        #expect(named.decode([named.endOfTextID], keepingSpecialTokens: true) == "<|im_end|>")
        #expect(named.paddingID == named.endOfTextID + 1 && named.prefixTokens == plain.prefixTokens)
        #expect(try Self.tokenizer(json, settings: #"{\#(end), "add_bos_token": false}"#).prefixTokens.isEmpty)
    }

    @Test func `text from users is no special token`() throws {
        let tokenizer = try BytePairTokenizer(directory: Self.folder.appending(path: "qwen2").path())
        let text = "<|im_end|>"
        #expect(tokenizer.encode(text, parsingSpecialTokens: true).count == 1)
        #expect(tokenizer.encode(text).count > 1 && tokenizer.decode(tokenizer.encode(text)) == text)
    }

    /// A long text without a word's end is one word: it must not take the square of its length.
    @Test func `a text that is one long word is merged like any other`() throws {
        let tokenizer = try BytePairTokenizer(directory: Self.folder.appending(path: "llama-2").path())
        let text = String(repeating: "there is ", count: 4000)
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }

    @Test(arguments: [
        (#""type":"BPE""#, #""type":"Unigram""#, "model.type"),
        (#""dropout":null"#, #""dropout":0.1"#, "model.dropout"),
        (#""continuing_subword_prefix":null"#, #""continuing_subword_prefix":"@@""#, "continuing_subword_prefix"),
        (#""truncation":null"#, #""truncation":{"max_length":5}"#, "truncation"),
        (#""normalizer":null"#, #""normalizer":{"type":"BertNormalizer"}"#, "normalizer"),
        (#""type":"ByteLevel","add_prefix_space":false"#, #""type":"WordPiece","x":false"#, "WordPiece"),
        (#"{1,3}"#, #"{1,3}?"#, "a lazy repetition"),
        (#"\\p{N}{1,3}"#, #"(\\p{N}){1,3}"#, "a repeated group"),
        (#"\\p{N}{1,3}"#, #"\\p{Greek}{1,3}"#, "the property 'Greek'"),
        (#"(?!\\S)"#, #"(?<!\\S)"#, "'(?<'"),
        (#""behavior":"Isolated""#, #""behavior":"MergedWithNext""#, "pre_tokenizer.behavior"),
        (#""type":"TemplateProcessing""#, #""type":"BertProcessing""#, "post_processor"),
        (#""decoder":{"type":"ByteLevel""#, #""decoder":{"type":"CTC""#, "decoder"),
        (#""merges":["#, #""merges":[["zz","qq"],"#, "model.merges"),
        (#""merges":["#, #""merges":["one","#, "no pair"),
        (#""vocab":{"#, #""vocab":{"a!b":-1,"#, "model.vocab"),
        (#""id":563,"#, #""id":9000000,"#, "too large"),
        (#""vocab":{"!":0,"#, #""vocab":{"#, "byte 33"),
    ])
    func `what is not followed, or is wrong, is named`(old: String, new: String, named: String) throws {
        let json = try Self.json("llama-3")
        let range = try #require(json.range(of: old), "the fixture has changed: \(old)")
        let error = #expect(throws: TokenizerError.self) {
            try Self.tokenizer(json.replacingCharacters(in: range, with: new))
        }
        let description = error?.description ?? ""
        #expect(description.contains(named) && description.contains("tokenizer.json"), "\(description)")
    }

    @Test func `a damaged file is one clear error or a tokenizer, never a crash`() throws {
        var random = SplitMix(seed: 5)
        for name in ["qwen2", "llama-2"] {
            let intact = Array(try Self.json(name).utf8)
            for _ in 0..<60 {
                var bytes = intact
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
                    case 1:
                        bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
                    case 2: bytes.insert(contentsOf: [UInt8](#"{}[]",:0\"#.utf8).shuffled(using: &random), at: place)
                    default: bytes.removeSubrange(place...)
                    }
                    if bytes.isEmpty { break }
                }
                do {
                    let tokenizer = try Self.tokenizer(String(decoding: bytes, as: UTF8.self))
                    _ = tokenizer.decode(tokenizer.encode("a 12 é<|im_end|> x", parsingSpecialTokens: true))
                } catch let error as TokenizerError {
                    #expect(error.description.contains("tokenizer.json"))
                }
            }
        }
    }
}
