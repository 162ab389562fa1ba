/// Parts text as GPT-2's pre-tokenizer does: a word with the space before it, a number, a run of signs, an English
/// contraction, or what is left of a run of white space.
///
/// The pattern is `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
/// (https://github.com/openai/gpt-2, `src/encoder.py`).
enum WordSplitter {
    static func words(in text: String) -> [Substring] {
        let scalars = text.unicodeScalars
        var words: [Substring] = []
        var start = scalars.startIndex
        while start < scalars.endIndex {
            let end = end(ofWordIn: scalars[start...])
            words.append(Substring(scalars[start..<end]))
            start = end
        }
        return words
    }

    private enum Kind {
        case letter, number, space, sign

        init(_ scalar: Unicode.Scalar) {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
            case .decimalNumber, .letterNumber, .otherNumber: self = .number
            default: self = scalar.properties.isWhitespace ? .space : .sign
            }
        }
    }

    private static let contractions: [[Unicode.Scalar]] = [
        ["s"], ["t"], ["r", "e"], ["v", "e"], ["m"], ["l", "l"], ["d"],
    ]

    private static func end(ofWordIn rest: Substring.UnicodeScalarView) -> String.Index {
        if rest.first == "'", let letters = contractions.first(where: { rest.dropFirst().starts(with: $0) }) {
            return rest.index(rest.startIndex, offsetBy: 1 + letters.count)
        }
        let word = rest.first == " " ? rest.dropFirst() : rest
        if let kind = word.first.map(Kind.init), kind != .space {
            return word.firstIndex { Kind($0) != kind } ?? word.endIndex
        }
        // The last of several spaces belongs to the word that follows.
        let end = rest.firstIndex { Kind($0) != .space } ?? rest.endIndex
        let beforeLast = rest.index(before: end)
        return end == rest.endIndex || beforeLast == rest.startIndex ? end : beforeLast
    }
}
