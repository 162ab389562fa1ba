import HoneTokenizer

/// A vocabulary of 32,000 of the kind that language models have: all bytes, then pieces of JSON, numbers, and made-up
/// words with and without a space before them.
struct WordPieces: Tokenizer {
    let pieces: [[UInt8]]

    static let size = 32_000

    let endOfTextID = Int32(size - 2)
    let paddingID = Int32(size - 1)
    var vocabularySize: Int { Self.size }

    init() {
        var pieces = (UInt8.min...UInt8.max).map { [$0] }
        let marks = [
            "{\"", "\":", "\": ", "\": \"", "\",", "\", \"", "\",\"", "\"}", "\"]", "},", "],", "}}", "[\"", "[{",
        ]
        var texts = marks + ["true", "false", "null", "[]", "{}", "\\n", "\\\"", "\\u00", "  ", "é", "ü", "日本", "🙂"]
        texts += (0..<1000).map(String.init)
        let onsets = ["b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "v", "st", "th", "tr", "qu", "w"]
        let ends = ["a", "e", "i", "o", "u", "an", "en", "er", "ing", "ion", "al", "at", "ou"]
        let syllables = onsets.flatMap { onset in ends.map { onset + $0 } }
        var number = 0
        while pieces.count + texts.count < Self.size - 2 {
            func syllable(_ step: Int) -> String { syllables[step % syllables.count] }
            let second = number < syllables.count ? "" : syllable(number * 31 / 7)
            let word = syllable(number * 7) + second + (number < 6000 ? "" : syllable(number * 13 / 5))
            texts.append((number.isMultiple(of: 2) ? " " : "") + word)
            number += 1
            // Words end in a quotation mark or a comma now and then, as real vocabularies have them.
            if number.isMultiple(of: 100) { texts.append(word + "\"") }
        }
        pieces += texts.prefix(Self.size - 2 - pieces.count).map { Array($0.utf8) }
        self.pieces = pieces
    }

    func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] { text.utf8.map(Int32.init) }

    func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] {
        pieces.indices.contains(Int(id)) ? pieces[Int(id)] : []
    }
}
