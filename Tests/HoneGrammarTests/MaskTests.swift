import Dispatch
import Foundation
import HoneTokenizer
import SeededRandom
import Testing

@testable import HoneGrammar

@Suite struct MaskTests {
    static let formats: [AnswerFormat] = [
        .regex("[a-c]{2,4}x?"), .regex("(日|本)+🙂*"), .regex("-?(0|[1-9]\\d*)(\\.\\d+)?"), .regex("(a|ab|abc)*d|.*n\""),
        .jsonSchema("{}"),
        .jsonSchema(
            #"{"type":"object","required":["name","age"],"properties":{"name":{"type":"string"},"#
                + #""age":{"type":"integer","minimum":0,"maximum":130},"#
                + #""tags":{"type":"array","items":{"type":"string","maxLength":3}}}}"#),
        .jsonSchema(
            ##"{"$defs":{"n":{"type":"object","properties":{"value":{"enum":["a","ab",12]},"next":{"anyOf":"##
                + ##"[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["value"]}},"$ref":"#/$defs/n"}"##),
        .jsonSchema(#"{"type":"array","items":{"type":["string","number","null"]},"minItems":1}"#),
        .jsonSchema(#"{"type":"string","pattern":"^a+\"\\d?$"}"#),
    ]

    /// Random answers, each token drawn from those that its mask allows; `visit` sees every state on the way.
    private func walk(
        _ format: AnswerFormat, count: Int, length: Int, seed: UInt64, tokenizer: any Tokenizer = PieceTokenizer.shared,
        byteLimit: Int = 24 << 20, visit: ([Int32], [UInt64]) throws -> Void
    ) throws {
        var random = SplitMix(seed: seed)
        let trie = TokenTrie(tokenizer)
        let automaton = try FormatAutomaton(format, trie: trie, byteLimit: byteLimit)
        for _ in 0..<count {
            var constraint = AnswerConstraint(automaton)
            var tokens: [Int32] = []
            while tokens.count < length {
                let mask = constraint.mask
                try visit(tokens, mask)
                let allowed = (0..<Int32(tokenizer.vocabularySize)).filter(mask.allows)
                let token = try #require(allowed.randomElement(using: &random))
                if token == tokenizer.endOfTextID { break }
                tokens.append(token)
                constraint.append(token)
            }
        }
    }

    @Test(arguments: formats.indices) func aMaskIsWhatEachTokenAloneSays(index: Int) throws {
        let tokenizer = PieceTokenizer.shared
        var recognizer = try Recognizer(Self.formats[index])
        try walk(Self.formats[index], count: 6, length: 24, seed: UInt64(index)) { tokens, mask in
            let state = try recognizer.state(after: tokens.flatMap { tokenizer.pieces[Int($0)] })
            for (token, piece) in tokenizer.pieces.enumerated() {
                let next = try recognizer.state(after: piece, from: state)
                #expect(mask.allows(Int32(token)) == (next != Automaton.dead), "\(piece) after \(tokens)")
            }
            #expect(mask.allows(tokenizer.endOfTextID) == recognizer.automaton.states[Int(state)].isEnd)
            #expect(!mask.allows(tokenizer.paddingID))
        }
    }

    /// Little room, so that all is forgotten again and again.
    @Test(arguments: [4, 5, 6]) func whatWasForgottenIsFoundAgain(index: Int) throws {
        var masks: [[Int32]: [UInt64]] = [:]
        try walk(Self.formats[index], count: 20, length: 30, seed: 5) { masks[$0] = $1 }
        var count = 0
        try walk(Self.formats[index], count: 20, length: 30, seed: 5, byteLimit: 20_000) { tokens, mask in
            #expect(masks[tokens] == mask)
            count += 1
        }
        #expect(count > 100)
    }

    /// Random answers with room for as many tokens as the shortest has bytes, and a few more.
    @Test(arguments: formats.indices) func whatHasRoomBecomesWhole(index: Int) throws {
        let tokenizer = PieceTokenizer.shared
        let trie = TokenTrie(tokenizer)
        let automaton = try FormatAutomaton(Self.formats[index], trie: trie)
        var recognizer = try Recognizer(Self.formats[index])
        let shortest = recognizer.automaton.distances[Int(recognizer.automaton.start)]
        var random = SplitMix(seed: UInt64(index))
        for extra in 0..<12 {
            var constraint = AnswerConstraint(automaton, tokenLimit: shortest + extra)
            var tokens: [Int32] = []
            while tokens.count < shortest + extra {
                let mask = constraint.mask
                let allowed = (0..<Int32(tokenizer.vocabularySize)).filter(mask.allows)
                let token = try #require(allowed.randomElement(using: &random))
                if token == tokenizer.endOfTextID { break }
                tokens.append(token)
                constraint.append(token)
            }
            #expect(constraint.isWhole)
            let isAccepted = try recognizer.accepts(tokenizer.decode(tokens).utf8)
            #expect(isAccepted, "\(tokenizer.decode(tokens))")
        }
    }

    @Test func aCopyOfAConstraintGoesOnByItself() throws {
        var first = AnswerConstraint(try FormatAutomaton(.regex("ab|ac*"), trie: TokenTrie(ByteTokenizer())))
        first.append(97)
        var second = first
        second.append(98)
        #expect(!second.mask.allows(99) && first.mask.allows(98) && first.mask.allows(99))
    }

    @Test func answersOfManyThreadsAreAllHeldToTheFormat() async throws {
        let tokenizer = PieceTokenizer.shared
        let library = FormatLibrary(
            tokenizer, vocabularySize: tokenizer.vocabularySize, endTokens: [tokenizer.endOfTextID])
        let texts = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
            for number in 0..<48 {
                group.addTask {
                    let format = Self.formats[number % Self.formats.count]
                    var constraint = AnswerConstraint(try library.automaton(for: format))
                    var random = SplitMix(seed: UInt64(number))
                    var tokens: [Int32] = []
                    while tokens.count < 400 {
                        let mask = constraint.mask
                        let allowed = (0..<Int32(tokenizer.vocabularySize)).filter(mask.allows)
                        // Ends where it may, else random answers of recursive formats may not end at all.
                        let ends = allowed.last == tokenizer.endOfTextID
                        guard let token = ends ? allowed.last : allowed.randomElement(using: &random) else {
                            return (number, nil)
                        }
                        if token == tokenizer.endOfTextID { return (number, tokenizer.decode(tokens)) }
                        tokens.append(token)
                        constraint.append(token)
                    }
                    return (number, nil)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(texts.count > 40)
        for (number, text) in texts {
            var recognizer = try Recognizer(Self.formats[number % Self.formats.count])
            #expect(try recognizer.accepts(text.utf8))
        }
    }

    @Test func aFormatWhoseStatesOutgrowTheirRoomBreaksAlone() throws {
        // Which of the last so many characters were an a: more states than anybody has room for.
        let format = AnswerFormat.regex("[ab]*a[ab]{30}")
        let automaton = try FormatAutomaton(format, trie: TokenTrie(ByteTokenizer()), byteLimit: 10_000)
        var constraint = AnswerConstraint(automaton)
        var random = SplitMix(seed: 1)
        for _ in 0..<300 { constraint.append(Bool.random(using: &random) ? 97 : 98) }
        #expect(constraint.isBroken || constraint.mask.allows(97))
    }

    @Test func aByteThatNoTokenIsStopsTheFormat() throws {
        struct Digits: Tokenizer {
            let vocabularySize = 11
            let endOfTextID: Int32 = 10
            let paddingID: Int32 = 10
            func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] { [] }
            func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] { id < 10 ? [48 + UInt8(id)] : [] }
        }
        let trie = TokenTrie(Digits())
        #expect(throws: Never.self) { try FormatAutomaton(.regex("\\d+"), trie: trie) }
        #expect(throws: FormatError.byteWithoutToken(0x2b)) { try FormatAutomaton(.regex("\\d+\\+"), trie: trie) }
    }

    /// As SentencePiece's tokenizers have it: the space that the first token begins with is not the text's.
    @Test(arguments: ["a", " ?a", " a"]) func theSpaceBeforeTheTextIsNotTheAnswers(pattern: String) throws {
        struct Stripping: Tokenizer {
            let base = PieceTokenizer.shared
            var vocabularySize: Int { base.vocabularySize }
            var endOfTextID: Int32 { base.endOfTextID }
            var paddingID: Int32 { base.paddingID }
            func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] { [] }
            func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] {
                base.bytes(of: id, keepingSpecialTokens: keepingSpecialTokens)
            }
            func decode(_ ids: some Sequence<Int32>, keepingSpecialTokens: Bool) -> String {
                let text = base.decode(ids, keepingSpecialTokens: keepingSpecialTokens)
                return text.hasPrefix(" ") ? String(text.dropFirst()) : text
            }
        }
        let tokenizer = Stripping()
        var recognizer = try Recognizer(.regex(pattern))
        try walk(.regex(pattern), count: 40, length: 10, seed: 3, tokenizer: tokenizer) { tokens, mask in
            guard mask.allows(tokenizer.endOfTextID) else { return }
            let isAccepted = try recognizer.accepts(tokenizer.decode(tokens).utf8)
            #expect(isAccepted)
        }
    }
}
