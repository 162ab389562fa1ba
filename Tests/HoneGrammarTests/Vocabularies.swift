import HoneTokenizer

@testable import HoneGrammar

/// 256 bytes, and pieces that JSON and words are written in, among them parts of characters.
struct PieceTokenizer: Tokenizer {
    static let shared = PieceTokenizer()

    let pieces: [[UInt8]]
    let endOfTextID: Int32
    let paddingID: Int32

    init() {
        var pieces = (UInt8.min...UInt8.max).map { [$0] }
        let texts = [
            "{\"", "\":", "\": \"", "\",\"", "\"}", "\", \"", "\"]", "[\"", "],", "}}", "]}", "[]", "{}", "true",
            "false",
            "null", "name", "age", "ab", "abc", "abcd", "aa", "ba", "12", "123", "0.", ".5", "1e", "e-", " a", "the",
            " the", "\\n", "\\\"", "\\u", "\\u00", "00", "n\"", "a\",", "é", "日本", "本\"", "🙂", "  ", "-1", "\": ",
            ", ", "\n", "2024", "-0", "10", "99", "x\":1", "kind", "value", "next", "\"next\":", "null}", "ull", "rue",
        ]
        pieces += texts.map { Array($0.utf8) }
        pieces += [
            [0xe6, 0x97], [0xa5, 0xe6], [0x9c, 0xac, 0x22], [0xf0, 0x9f], [0x99, 0x82], [0xc3], [0xa9, 0x61],
        ]
        self.pieces = pieces
        endOfTextID = Int32(pieces.count)
        paddingID = Int32(pieces.count + 1)
    }

    var vocabularySize: Int { pieces.count + 2 }

    func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] { text.utf8.map(Int32.init) }

    func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] {
        pieces.indices.contains(Int(id)) ? pieces[Int(id)] : []
    }
}

extension TokenTrie {
    init(_ tokenizer: any Tokenizer) {
        self.init(tokenizer, vocabularySize: tokenizer.vocabularySize, endTokens: [tokenizer.endOfTextID])
    }
}

extension [UInt64] {
    func allows(_ token: Int32) -> Bool { self[Int(token) / 64] >> UInt64(token % 64) & 1 == 1 }
}

/// A format's automaton, one byte after the other, without masks.
struct Recognizer {
    var automaton: Automaton

    init(_ format: AnswerFormat) throws {
        automaton = try Automaton(Machine(format.rules()), byteLimit: 64 << 20)
    }

    /// Whether the text is an answer.
    mutating func accepts(_ text: some Sequence<UInt8>) throws -> Bool {
        let state = try self.state(after: text)
        return automaton.states[Int(state)].isEnd
    }

    mutating func state(after text: some Sequence<UInt8>, from start: Int32? = nil) throws -> Int32 {
        var state = start ?? automaton.start
        for byte in text { state = try automaton.state(after: state, byte) }
        return state
    }
}
