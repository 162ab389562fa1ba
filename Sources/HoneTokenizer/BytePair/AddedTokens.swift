/// The added tokens of a `tokenizer.json`, found in a text before anything else is done with it.
///
/// Leftmost first, of those that start together the longest, as Hugging Face's tokenizers find them.
struct AddedTokens: Sendable {
    struct Token: Hashable, Sendable {
        let id: Int32
        let content: [UInt8]
        /// Whether it counts only where no word goes on beside it.
        let isSingleWord: Bool
        /// Whether white space before it belongs to it, and behind it.
        let takesSpaceBefore: Bool
        let takesSpaceAfter: Bool
        /// Whether it is looked for in the normalized text.
        let isNormalized: Bool
        let isSpecial: Bool
    }

    /// A stretch of a text: plain, or a token.
    enum Piece {
        case plain(Range<Int>)
        case token(Int32)
    }

    /// By their first byte, the longest first.
    private var tokens: [UInt8: [Token]] = [:]

    init(_ tokens: [Token]) {
        for token in tokens.sorted(by: { $0.content.count > $1.content.count }) {
            if let first = token.content.first { self.tokens[first, default: []].append(token) }
        }
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Cuts `text` at the tokens; special ones are text like any other unless `parsingSpecial`.
    func pieces(of text: [UInt8], parsingSpecial: Bool) -> [Piece] {
        var pieces: [Piece] = []
        var (plainStart, position) = (0, 0)
        while position < text.count {
            guard let token = tokens[text[position]]?.first(where: { text[position...].starts(with: $0.content) })
            else {
                position += 1
                continue
            }
            let end = position + token.content.count
            let isTaken =
                (parsingSpecial || !token.isSpecial) && !(token.isSingleWord && hasWord(beside: position..<end, text))
            if isTaken {
                let start = token.takesSpaceBefore ? max(spaceStart(before: position, text), plainStart) : position
                if plainStart < start { pieces.append(.plain(plainStart..<start)) }
                pieces.append(.token(token.id))
                plainStart = token.takesSpaceAfter ? spaceEnd(after: end, text) : end
            }
            position = end
        }
        if plainStart < text.count { pieces.append(.plain(plainStart..<text.count)) }
        return pieces
    }

    /// The text with `shield` behind the first character of every special token in it, so that it is none.
    func shielding(_ text: [UInt8], with shield: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for position in text.indices {
            let isStart = tokens[text[position]]?.contains {
                $0.isSpecial && text[position...].starts(with: $0.content)
            }
            result.append(text[position])
            guard isStart == true, let first = Self.first(of: text[position...]) else { continue }
            if UTF8.width(first) == 1 { result += shield }
        }
        return result
    }

    private func hasWord(beside range: Range<Int>, _ text: [UInt8]) -> Bool {
        let before = Self.last(of: text[..<range.lowerBound])
        let after = Self.first(of: text[range.upperBound...])
        return [before, after].contains { $0.map { ScalarCategories.continuesWord($0.value) } ?? false }
    }

    private func spaceStart(before position: Int, _ text: [UInt8]) -> Int {
        var start = position
        while let scalar = Self.last(of: text[..<start]), ScalarCategories.isSpace(scalar.value) {
            start -= UTF8.width(scalar)
        }
        return start
    }

    private func spaceEnd(after position: Int, _ text: [UInt8]) -> Int {
        var end = position
        while let scalar = Self.first(of: text[end...]), ScalarCategories.isSpace(scalar.value) {
            end += UTF8.width(scalar)
        }
        return end
    }

    private static func first(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        String(decoding: bytes.prefix(4), as: UTF8.self).unicodeScalars.first
    }

    private static func last(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let start = bytes.lastIndex { $0 & 0b1100_0000 != 0b1000_0000 } ?? bytes.startIndex
        return String(decoding: bytes[start...], as: UTF8.self).unicodeScalars.first
    }
}
