/// Reads the statements of a template; a tag that Hone does not know is an error with its name and line.
struct TemplateParser {
    private let pieces: [(piece: TemplateLexer.Piece, line: Int)]
    private var index = 0
    private var depth = 0

    private static let depthLimit = 64

    static func parse(_ source: String) throws(TemplateError) -> [TemplateStatement] {
        var parser = TemplateParser(pieces: try TemplateLexer.pieces(of: source))
        let (body, end) = try parser.statements()
        if let end { throw TemplateError(line: end.line, reason: "'\(end.name)' without its beginning") }
        return body
    }

    private init(pieces: [(piece: TemplateLexer.Piece, line: Int)]) { self.pieces = pieces }

    /// A tag that ended a body, with what is left to read of it.
    private struct End {
        let name: String
        let line: Int
        let tokens: ArraySlice<TemplateLexer.Token>
    }

    /// Statements, up to a tag that ends a body.
    private mutating func statements() throws(TemplateError) -> ([TemplateStatement], End?) {
        depth += 1
        defer { depth -= 1 }
        var body: [TemplateStatement] = []
        while index < pieces.count {
            let (piece, line) = pieces[index]
            index += 1
            guard depth <= Self.depthLimit else { throw TemplateError(line: line, reason: "tags nested too deep") }
            switch piece {
            case .text(let text):
                body.append(TemplateStatement(kind: .text(text), line: line))
            case .output(let tokens):
                var reader = TemplateExpressionReader(tokens[...], line: line)
                body.append(TemplateStatement(kind: .output(try reader.whole()), line: line))
            case .tag(let tokens):
                guard case .name(let name)? = tokens.first?.kind else {
                    throw TemplateError(line: line, reason: "a tag without a name")
                }
                let end = End(name: name, line: line, tokens: tokens.dropFirst())
                if Self.endsBody(name) { return (body, end) }
                if let kind = try statement(end) { body.append(TemplateStatement(kind: kind, line: line)) }
            }
        }
        return (body, nil)
    }

    private static func endsBody(_ name: String) -> Bool {
        name.hasPrefix("el") || (name.hasPrefix("end") && name != "endgeneration")
    }

    private mutating func statement(_ tag: End) throws(TemplateError) -> TemplateStatement.Kind? {
        var reader = TemplateExpressionReader(tag.tokens, line: tag.line)
        switch tag.name {
        case "if": return try choice(&reader, tag)
        case "for": return try loop(&reader, tag)
        case "set": return try set(&reader, tag)
        case "macro": return try macro(&reader, tag)
        case "break": return .leave
        case "continue": return .goOn
        // Marks what a model wrote itself, for training masks; it prints what is inside.
        case "generation", "endgeneration": return nil
        default: throw TemplateError(line: tag.line, reason: "the tag '\(tag.name)' is not followed by Hone")
        }
    }

    /// A body, up to one of the tags.
    private mutating func body(
        of tag: End, until ends: Set<String>
    ) throws(TemplateError) -> (body: [TemplateStatement], end: End) {
        let (body, end) = try statements()
        guard let end, ends.contains(end.name) else {
            let found = end.map { "'\($0.name)' in line \($0.line)" } ?? "the template's end"
            let wanted = ends.sorted().joined(separator: " or ")
            throw TemplateError(line: tag.line, reason: "'\(tag.name)' goes on to \(found), not to \(wanted)")
        }
        return (body, end)
    }

    private mutating func choice(
        _ reader: inout TemplateExpressionReader, _ tag: End
    ) throws(TemplateError) -> TemplateStatement.Kind {
        var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
        var condition = try reader.whole()
        while true {
            let (body, end) = try body(of: tag, until: ["elif", "else", "endif"])
            branches.append((condition, body))
            switch end.name {
            case "elif":
                var next = TemplateExpressionReader(end.tokens, line: end.line)
                condition = try next.whole()
            case "else":
                return .choice(branches, otherwise: try self.body(of: tag, until: ["endif"]).body)
            default:
                return .choice(branches, otherwise: [])
            }
        }
    }

    private mutating func loop(
        _ reader: inout TemplateExpressionReader, _ tag: End
    ) throws(TemplateError) -> TemplateStatement.Kind {
        var names = [try reader.name()]
        while reader.take(",") { names.append(try reader.name()) }
        guard reader.takeName("in") else { throw reader.fault("'in'") }
        let source = try reader.alternatives()
        let condition = reader.takeName("if") ? try reader.expression() : nil
        try reader.end()
        let (body, end) = try body(of: tag, until: ["else", "endfor"])
        let otherwise = end.name == "else" ? try self.body(of: tag, until: ["endfor"]).body : []
        return .loop(
            TemplateStatement.Loop(
                names: names, source: source, condition: condition, body: body, otherwise: otherwise))
    }

    private mutating func set(
        _ reader: inout TemplateExpressionReader, _ tag: End
    ) throws(TemplateError) -> TemplateStatement.Kind {
        let name = try reader.name()
        let member = reader.take(".") ? try reader.name() : nil
        guard reader.take("=") else {
            try reader.end()
            guard member == nil else { throw reader.fault("'='") }
            return .capture(name: name, body: try body(of: tag, until: ["endset"]).body)
        }
        return .set(name: name, member: member, try reader.whole())
    }

    private mutating func macro(
        _ reader: inout TemplateExpressionReader, _ tag: End
    ) throws(TemplateError) -> TemplateStatement.Kind {
        let name = try reader.name()
        var parameters: [(name: String, value: TemplateExpression?)] = []
        guard reader.take("(") else { throw reader.fault("'('") }
        while !reader.take(")") {
            let parameter = try reader.name()
            parameters.append((parameter, reader.take("=") ? try reader.expression() : nil))
            if !reader.take(","), !reader.isAt(")") { throw reader.fault("')'") }
        }
        try reader.end()
        let body = try body(of: tag, until: ["endmacro"]).body
        return .macro(TemplateStatement.Macro(name: name, parameters: parameters, body: body))
    }
}
