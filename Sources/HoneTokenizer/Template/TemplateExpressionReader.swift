/// Reads an expression with Jinja's precedence.
struct TemplateExpressionReader {
    private var tokens: ArraySlice<TemplateLexer.Token>
    private var line: Int
    private var depth = 0

    private static let depthLimit = 64

    init(_ tokens: ArraySlice<TemplateLexer.Token>, line: Int) {
        self.tokens = tokens
        self.line = line
    }

    /// An expression, or several as a tuple, and nothing behind it.
    mutating func whole() throws(TemplateError) -> TemplateExpression {
        let first = try expression()
        if isAtEnd { return first }
        var elements = [first]
        while take(",") { elements.append(try expression()) }
        try end()
        return .list(elements)
    }

    /// `a if b else c`
    mutating func expression() throws(TemplateError) -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw TemplateError(line: line, reason: "an expression nested too deep") }
        var value = try alternatives()
        while takeName("if") {
            let condition = try alternatives()
            value = .conditional(value, if: condition, else: takeName("else") ? try expression() : nil)
        }
        return value
    }

    /// What stands left of an `if`.
    mutating func alternatives() throws(TemplateError) -> TemplateExpression {
        var left = try both()
        while takeName("or") { left = .binary(left, "or", try both()) }
        return left
    }

    private mutating func both() throws(TemplateError) -> TemplateExpression {
        var left = try negation()
        while takeName("and") { left = .binary(left, "and", try negation()) }
        return left
    }

    private mutating func negation() throws(TemplateError) -> TemplateExpression {
        var count = 0
        while takeName("not") { count += 1 }
        let value = try comparison()
        if count == 0 { return value }
        return count.isMultiple(of: 2) ? .not(.not(value)) : .not(value)
    }

    /// `a < b < c` is `a < b and b < c`.
    private mutating func comparison() throws(TemplateError) -> TemplateExpression {
        var left = try sum()
        var all: TemplateExpression?
        while let name = takeComparison() {
            let right = try sum()
            let own: TemplateExpression =
                name == "not in" ? .not(.binary(left, "in", right)) : .binary(left, name, right)
            all = all.map { .binary($0, "and", own) } ?? own
            left = right
        }
        return all ?? left
    }

    private mutating func takeComparison() -> String? {
        for symbol in ["==", "!=", "<=", ">=", "<", ">"] where take(symbol) { return symbol }
        if takeName("in") { return "in" }
        guard isAtName("not"), tokens.dropFirst().first?.kind == .name("in") else { return nil }
        tokens = tokens.dropFirst(2)
        return "not in"
    }

    private mutating func sum() throws(TemplateError) -> TemplateExpression {
        var left = try joined()
        while let symbol = takeAny(["+", "-"]) { left = .binary(left, symbol, try joined()) }
        return left
    }

    private mutating func joined() throws(TemplateError) -> TemplateExpression {
        var left = try product()
        while take("~") { left = .binary(left, "~", try product()) }
        return left
    }

    private mutating func product() throws(TemplateError) -> TemplateExpression {
        var left = try unary()
        while let symbol = takeAny(["*", "//", "/", "%"]) { left = .binary(left, symbol, try unary()) }
        return left
    }

    private mutating func unary() throws(TemplateError) -> TemplateExpression {
        let isNegative = take("-")
        let value = try postfix(primary())
        return try filtered(isNegative ? .negative(value) : value)
    }

    private mutating func filtered(_ value: TemplateExpression) throws(TemplateError) -> TemplateExpression {
        var value = value
        while true {
            if take("|") {
                let name = try name()
                value = .filter(value, name, take("(") ? try arguments() : .init())
            } else if takeName("is") {
                let isNegated = takeName("not")
                let name = try name()
                let test = TemplateExpression.test(value, name, try testArguments())
                value = isNegated ? .not(test) : test
            } else if isAt("(") || isAt(".") || isAt("[") {
                value = try postfix(value)
            } else {
                return value
            }
        }
    }

    private mutating func testArguments() throws(TemplateError) -> [TemplateExpression] {
        if take("(") { return try arguments().plain }
        switch tokens.first?.kind {
        case .name(let name) where !["else", "or", "and", "is", "if", "in", "not"].contains(name):
            return [try postfix(primary())]
        case .string, .integer, .number: return [try primary()]
        default: return []
        }
    }

    private mutating func postfix(_ value: TemplateExpression) throws(TemplateError) -> TemplateExpression {
        var value = value
        while true {
            if take(".") {
                value = .member(value, try name())
            } else if take("[") {
                value = try subscripted(value)
            } else if take("(") {
                value = .call(value, try arguments())
            } else {
                return value
            }
        }
    }

    private mutating func subscripted(_ value: TemplateExpression) throws(TemplateError) -> TemplateExpression {
        func part(_ reader: inout Self) throws(TemplateError) -> TemplateExpression? {
            reader.isAt(":") || reader.isAt("]") ? nil : try reader.expression()
        }
        let first = try part(&self)
        guard take(":") else {
            guard let first, take("]") else { throw fault("']'") }
            return .item(value, first)
        }
        let stop = try part(&self)
        let step = take(":") ? try part(&self) : nil
        guard take("]") else { throw fault("']'") }
        return .slice(value, start: first, stop: stop, step: step)
    }

    private mutating func arguments() throws(TemplateError) -> TemplateExpression.Arguments {
        var arguments = TemplateExpression.Arguments()
        while !take(")") {
            if case .name(let name)? = tokens.first?.kind, tokens.dropFirst().first?.kind == .symbol("=") {
                tokens = tokens.dropFirst(2)
                arguments.named.append((name, try expression()))
            } else {
                arguments.plain.append(try expression())
            }
            if !take(","), !isAt(")") { throw fault("')'") }
        }
        return arguments
    }

    private mutating func primary() throws(TemplateError) -> TemplateExpression {
        guard let token = tokens.popFirst() else { throw fault("a value") }
        line = token.line
        switch token.kind {
        case .string(var text):
            // Texts side by side are one.
            while case .string(let more)? = tokens.first?.kind {
                text += more
                tokens.removeFirst()
            }
            return .literal(.string(text))
        case .integer(let value): return .literal(.integer(value))
        case .number(let value): return .literal(.number(value))
        case .name("true"), .name("True"): return .literal(.bool(true))
        case .name("false"), .name("False"): return .literal(.bool(false))
        case .name("none"), .name("None"): return .literal(.none)
        case .name(let name): return .name(name)
        case .symbol("("): return try parenthesized()
        case .symbol("["): return .list(try elements(until: "]"))
        case .symbol("{"): return try map()
        case .symbol(let symbol): throw TemplateError(line: line, reason: "'\(symbol)' where a value was expected")
        }
    }

    private mutating func parenthesized() throws(TemplateError) -> TemplateExpression {
        if take(")") { return .list([]) }
        let first = try expression()
        if take(")") { return first }
        guard take(",") else { throw fault("')'") }
        return .list([first] + (try elements(until: ")")))
    }

    private mutating func elements(until end: String) throws(TemplateError) -> [TemplateExpression] {
        var elements: [TemplateExpression] = []
        while !take(end) {
            elements.append(try expression())
            if !take(","), !isAt(end) { throw fault("'\(end)'") }
        }
        return elements
    }

    private mutating func map() throws(TemplateError) -> TemplateExpression {
        var pairs: [(key: TemplateExpression, value: TemplateExpression)] = []
        while !take("}") {
            let key = try expression()
            guard take(":") else { throw fault("':'") }
            pairs.append((key, try expression()))
            if !take(","), !isAt("}") { throw fault("'}'") }
        }
        return .map(pairs)
    }

    // MARK: Tokens

    var isAtEnd: Bool { tokens.isEmpty }

    mutating func end() throws(TemplateError) {
        if !tokens.isEmpty { throw fault("the end of the tag") }
    }

    mutating func name() throws(TemplateError) -> String {
        guard case .name(let name)? = tokens.first?.kind else { throw fault("a name") }
        tokens.removeFirst()
        return name
    }

    func isAt(_ symbol: String) -> Bool { tokens.first?.kind == .symbol(symbol) }

    mutating func take(_ symbol: String) -> Bool {
        guard isAt(symbol) else { return false }
        tokens.removeFirst()
        return true
    }

    private func isAtName(_ name: String) -> Bool { tokens.first?.kind == .name(name) }

    mutating func takeName(_ name: String) -> Bool {
        guard isAtName(name) else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func takeAny(_ symbols: [String]) -> String? {
        for symbol in symbols where take(symbol) { return symbol }
        return nil
    }

    func fault(_ wanted: String) -> TemplateError {
        let found =
            switch tokens.first?.kind {
            case .name(let text), .symbol(let text), .string(let text): "'\(text)'"
            case .integer(let value): "\(value)"
            case .number(let value): "\(value)"
            case nil: "the end of the tag"
            }
        return TemplateError(line: tokens.first?.line ?? line, reason: "\(found) where \(wanted) was expected")
    }
}
