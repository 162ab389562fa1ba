internal import HoneTokenizer

/// A regular expression as an expression over bytes.
struct RegexTranslation {
    /// How the text that matches is written.
    enum Form {
        case plain
        /// Inside the quotes of a JSON string, each character in one way: escaped only where it has to be.
        case jsonString
    }

    private let form: Form

    /// All texts that match `pattern` from their beginning to their end.
    static func whole(_ pattern: String, form: Form) throws(PatternSyntax.Fault) -> Expression {
        let syntax = try PatternReader.read(pattern, escapes: .agreed)
        return try RegexTranslation(form: form).place(syntax, opensBefore: false, opensAfter: false)
    }

    /// All texts in which `pattern` is found, as JSON schemas have it: `^` and `$` hold it to the ends.
    static func found(_ pattern: String, form: Form) throws(PatternSyntax.Fault) -> Expression {
        let syntax = try PatternReader.read(pattern, escapes: .agreed)
        return try RegexTranslation(form: form).place(syntax, opensBefore: true, opensAfter: true)
    }

    /// One character of a set.
    static func character(_ set: ScalarSet, form: Form) -> Expression {
        guard form == .jsonString else { return UTF8Sequences.expression(of: set.ranges) }
        let plain = set.ranges.flatMap { range in
            [0x20...0x21, 0x23...0x5b, 0x5d...0x10ffff].filter { $0.overlaps(range) }.map { range.clamped(to: $0) }
        }
        let escaped = ([0x22, 0x5c] + Array(0..<0x20)).filter(set.contains).compactMap(escape).map(Expression.text)
        return .choice([UTF8Sequences.expression(of: plain)] + escaped)
    }

    /// How a JSON string has a scalar that cannot stand in it as it is.
    static func escape(_ scalar: UInt32) -> String? {
        switch scalar {
        case 0x08: return #"\b"#
        case 0x09: return #"\t"#
        case 0x0a: return #"\n"#
        case 0x0c: return #"\f"#
        case 0x0d: return #"\r"#
        case 0x22: return #"\""#
        case 0x5c: return #"\\"#
        case 0..<0x20: return #"\u00"# + (scalar < 16 ? "0" : "") + String(scalar, radix: 16)
        default: return nil
        }
    }

    /// A part that reaches to the text's ends; where it is open, any text may come before or after.
    private func place(
        _ syntax: PatternSyntax, opensBefore: Bool, opensAfter: Bool
    ) throws(PatternSyntax.Fault) -> Expression {
        var (opensBefore, opensAfter) = (opensBefore, opensAfter)
        var parts: [PatternSyntax]
        switch syntax {
        case .alternatives(let branches):
            var placed: [Expression] = []
            for branch in branches {
                placed.append(try place(branch, opensBefore: opensBefore, opensAfter: opensAfter))
            }
            return .choice(placed)
        case .sequence(let inner): parts = inner
        default: parts = [syntax]
        }
        while case .start = parts.first {
            opensBefore = false
            parts.removeFirst()
        }
        while case .end = parts.last {
            opensAfter = false
            parts.removeLast()
        }
        if parts.count == 1, case .alternatives = parts[0] {
            return try place(parts[0], opensBefore: opensBefore, opensAfter: opensAfter)
        }
        if parts.count == 1, case .sequence = parts[0] {
            return try place(parts[0], opensBefore: opensBefore, opensAfter: opensAfter)
        }
        let anything = Expression.repeated(
            Self.character(ScalarSet([], isNegated: true), form: form), minimum: 0, maximum: nil)
        var placed = opensBefore ? [anything] : []
        for part in parts { placed.append(try translate(part)) }
        return .sequence(opensAfter ? placed + [anything] : placed)
    }

    private func translate(_ syntax: PatternSyntax) throws(PatternSyntax.Fault) -> Expression {
        switch syntax {
        case .set(let set):
            return Self.character(set, form: form)
        case .sequence(let parts):
            return .sequence(try translate(parts))
        case .alternatives(let branches):
            return .choice(try translate(branches))
        case .repeated(let inner, let repetition):
            // Whether a repetition takes much or little changes what is matched first, not what matches.
            if repetition.kind == .possessive {
                throw PatternSyntax.Fault("a possessive repetition", place: repetition.place)
            }
            let maximum = repetition.maximum == .max ? nil : repetition.maximum
            return .repeated(try translate(inner), minimum: repetition.minimum, maximum: maximum)
        case .look(_, _, let place): throw PatternSyntax.Fault("a look at what follows", place: place)
        case .start(let place): throw PatternSyntax.Fault("'^' inside it", place: place)
        case .end(let place): throw PatternSyntax.Fault("'$' inside it", place: place)
        }
    }

    private func translate(_ parts: [PatternSyntax]) throws(PatternSyntax.Fault) -> [Expression] {
        var translated: [Expression] = []
        for part in parts { translated.append(try translate(part)) }
        return translated
    }
}
