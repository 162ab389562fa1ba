/// A text with references `${source.field}` in it.
struct ReferenceText {
    enum Piece: Equatable {
        case text(String)
        case reference(source: String, field: String)
        /// Begins like a reference and is none.
        case malformed(String)
    }

    let pieces: [Piece]

    init(_ text: String) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            if start.lowerBound > rest.startIndex { pieces.append(.text(String(rest[..<start.lowerBound]))) }
            let candidate = rest[start.lowerBound...]
            if let match = candidate.prefixMatch(of: /\${([A-Za-z0-9][A-Za-z0-9_-]*)\.([A-Za-z0-9_]+)}/) {
                pieces.append(.reference(source: String(match.1), field: String(match.2)))
                rest = candidate[match.range.upperBound...]
            } else {
                pieces.append(.malformed(String(candidate.prefix(40))))
                rest = candidate[start.upperBound...]
            }
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
    }
}
