/// One step of parting a text into words, over whose ends nothing merges.
enum PreTokenizer: Hashable, Sendable {
    /// At each match of a pattern; what lies between matches is a word too unless `dropsRest`.
    case split(Pattern, dropsRest: Bool)
    /// Each digit a word of its own, or each run of digits.
    case digits(each: Bool)
    /// A space before a piece that has none.
    case prefixSpace
    /// SentencePiece's words: a space becomes `mark`, one is set before the text, and words begin with one.
    case metaspace(mark: String, prepends: Prepending, splits: Bool)

    enum Prepending: String, Sendable {
        case always, first, never
    }

    /// Parts one piece further; `isFirst` says whether it is the beginning of the whole text.
    func callAsFunction(_ piece: [UInt32], isFirst: Bool) -> [[UInt32]] {
        switch self {
        case .split(let pattern, let dropsRest):
            return pattern.pieces(of: piece, in: 0..<piece.count).compactMap {
                dropsRest && !$0.isMatch ? nil : Array(piece[$0.range])
            }
        case .digits(let each):
            return Self.runs(piece) { last, next in
                let (wasDigit, isDigit) = (Self.isDigit(last), Self.isDigit(next))
                return wasDigit != isDigit || (each && isDigit)
            }
        case .prefixSpace:
            return [piece.first == 0x20 ? piece : [0x20] + piece]
        case .metaspace(let mark, let prepends, let splits):
            let mark = mark.unicodeScalars.map(\.value)
            var marked = piece.flatMap { $0 == 0x20 ? mark : [$0] }
            if prepends == .always || (prepends == .first && isFirst), !marked.starts(with: mark) {
                marked = mark + marked
            }
            return splits ? Self.runs(marked) { _, next in next == mark.first } : [marked]
        }
    }

    private static func isDigit(_ scalar: UInt32) -> Bool {
        ScalarCategories.bit(of: scalar) & ScalarCategories.mask(named: "N") != 0
    }

    /// Cuts between two scalars wherever `isEnd` says so.
    private static func runs(_ piece: [UInt32], isEnd: (UInt32, UInt32) -> Bool) -> [[UInt32]] {
        var runs: [[UInt32]] = []
        for scalar in piece {
            if let last = runs.last?.last, !isEnd(last, scalar) {
                runs[runs.count - 1].append(scalar)
            } else {
                runs.append([scalar])
            }
        }
        return runs
    }

    /// GPT-2's words, which are what a ByteLevel step without a pattern of its own means; see ``WordSplitter``.
    static let gpt2Pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
}
