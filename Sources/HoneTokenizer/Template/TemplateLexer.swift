/// Cuts a template into its texts and tags, with Jinja's rules for the white space around them as chat templates are
/// rendered (`trim_blocks` and `lstrip_blocks`).
struct TemplateLexer {
    enum Piece {
        case text(String)
        /// `{{ … }}`
        case output([Token])
        /// `{% … %}`
        case tag([Token])
    }

    struct Token: Hashable {
        enum Kind: Hashable {
            case name(String)
            case string(String)
            case integer(Int)
            case number(Double)
            case symbol(String)
        }

        let kind: Kind
        let line: Int
    }

    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var pieces: [(piece: Piece, line: Int)] = []
    /// Whether what comes next is the beginning of a line.
    private var isLineStart = true

    private static let tokenLimit = 1000

    static func pieces(of source: String) throws(TemplateError) -> [(piece: Piece, line: Int)] {
        var lexer = TemplateLexer(source)
        try lexer.run()
        return lexer.pieces
    }

    /// One newline at the end is not the template's.
    private init(_ source: String) {
        let lines = source.replacingBytes(of: "\r\n", by: "\n").replacingBytes(of: "\r", by: "\n")
        var scalars = Array(lines.unicodeScalars)
        if scalars.last == "\n" { scalars.removeLast() }
        self.source = scalars
    }

    private mutating func run() throws(TemplateError) {
        var text = String.UnicodeScalarView()
        var stripsNext = false
        while position < source.count {
            guard source[position] == "{", position + 1 < source.count,
                "{%#".unicodeScalars.contains(source[position + 1])
            else {
                text.append(advance())
                continue
            }
            let opener = source[position + 1]
            let start = line
            position += 2
            let mark = position < source.count ? source[position] : " "
            if mark == "-" || mark == "+" { position += 1 }
            append(&text, stripsStart: stripsNext, stripsEnd: mark == "-", stripsLine: opener != "{" && mark != "+")
            stripsNext = try readTag(opener, line: start)
        }
        append(&text, stripsStart: stripsNext, stripsEnd: false, stripsLine: false)
    }

    private mutating func append(
        _ text: inout String.UnicodeScalarView, stripsStart: Bool, stripsEnd: Bool, stripsLine: Bool
    ) {
        var kept = Array(text)
        if stripsStart { kept.removeFirst(kept.prefix { ScalarCategories.isSpace($0.value) }.count) }
        if stripsEnd {
            while let last = kept.last, ScalarCategories.isSpace(last.value) { kept.removeLast() }
        } else if stripsLine {
            let end = kept.lastIndex { $0 != " " && $0 != "\t" }
            // Only where nothing but white space stands before the tag in its line.
            if let end, kept[end] == "\n" { kept.removeSubrange((end + 1)...) }
            if end == nil, isLineStart { kept = [] }
        }
        text = String.UnicodeScalarView()
        if !kept.isEmpty {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: kept)
            pieces.append((.text(String(view)), line))
        }
    }

    /// Reads a tag's inside and its end; returns whether the white space behind it is stripped.
    private mutating func readTag(_ opener: Unicode.Scalar, line start: Int) throws(TemplateError) -> Bool {
        var tokens: [Token] = []
        var depth = 0
        while position < source.count {
            if depth == 0 || opener == "#", let strips = takeEnd(of: opener) {
                if opener != "#" { pieces.append((opener == "{" ? .output(tokens) : .tag(tokens), start)) }
                return strips
            }
            if opener == "#" || ScalarCategories.isSpace(source[position].value) {
                _ = advance()
                continue
            }
            let token = try token()
            if case .symbol(let symbol) = token.kind {
                if ["(", "[", "{"].contains(symbol) { depth += 1 }
                if [")", "]", "}"].contains(symbol) { depth -= 1 }
            }
            tokens.append(token)
            if tokens.count > Self.tokenLimit {
                throw TemplateError(line: start, reason: "a tag of more than \(Self.tokenLimit) words")
            }
        }
        throw TemplateError(line: start, reason: "'{\(opener)' without its end")
    }

    /// Steps over `-%}`, `+%}` or `%}`, and the like; nil where the tag goes on.
    private mutating func takeEnd(of opener: Unicode.Scalar) -> Bool? {
        let close: [Unicode.Scalar] = opener == "{" ? ["}", "}"] : [opener, "}"]
        let mark = source[position]
        let hasMark = mark == "-" || (mark == "+" && opener != "{")
        let end = position + (hasMark ? 1 : 0)
        guard source[end...].starts(with: close) else { return nil }
        position = end + 2
        // A tag takes the newline behind it along.
        isLineStart = opener != "{" && !hasMark && position < source.count && source[position] == "\n"
        if isLineStart { _ = advance() }
        return mark == "-"
    }

    private mutating func token() throws(TemplateError) -> Token {
        let start = line
        let scalar = source[position]
        if scalar == "'" || scalar == "\"" { return Token(kind: .string(try string(scalar)), line: start) }
        if ("0"..."9").contains(scalar) { return Token(kind: number(), line: start) }
        if scalar == "_" || scalar.properties.isAlphabetic {
            let name = take { $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
            return Token(kind: .name(name), line: start)
        }
        for symbol in ["**", "//", "==", "!=", ">=", "<="] where source[position...].starts(with: symbol.unicodeScalars)
        {
            position += 2
            return Token(kind: .symbol(symbol), line: start)
        }
        guard "+-*/%~[](){}<>=.:|,".unicodeScalars.contains(scalar) else {
            throw TemplateError(line: start, reason: "'\(scalar)' in an expression")
        }
        return Token(kind: .symbol(String(advance())), line: start)
    }

    private mutating func number() -> Token.Kind {
        let whole = take { ("0"..."9").contains($0) }
        if position + 1 < source.count, source[position] == ".", ("0"..."9").contains(source[position + 1]) {
            position += 1
            return .number(Double("\(whole).\(take { ("0"..."9").contains($0) })") ?? .infinity)
        }
        return Int(whole).map { .integer($0) } ?? .number(Double(whole) ?? .infinity)
    }

    private mutating func string(_ quote: Unicode.Scalar) throws(TemplateError) -> String {
        let start = line
        var text = String.UnicodeScalarView()
        position += 1
        while position < source.count, source[position] != quote {
            let scalar = advance()
            guard scalar == "\\", position < source.count else {
                text.append(scalar)
                continue
            }
            let escaped = advance()
            switch escaped {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case "\\", "'", "\"": text.append(escaped)
            case "u", "x":
                let digits = String(String.UnicodeScalarView(source[position...].prefix(escaped == "u" ? 4 : 2)))
                guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
                    throw TemplateError(line: start, reason: "'\\\(escaped)' without its digits")
                }
                position += digits.unicodeScalars.count
                text.append(scalar)
            default: text.append(contentsOf: ["\\", escaped])
            }
        }
        guard position < source.count else { throw TemplateError(line: start, reason: "a text without its end") }
        position += 1
        return String(text)
    }

    private mutating func take(while isPart: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while position < source.count, isPart(source[position]) { text.append(advance()) }
        return String(text)
    }

    private mutating func advance() -> Unicode.Scalar {
        let scalar = source[position]
        position += 1
        if scalar == "\n" { line += 1 }
        return scalar
    }
}
