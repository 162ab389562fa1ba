/// Reads a regular expression; what it does not know is an error that names the construct and its place.
package struct PatternReader {
    package typealias Fault = PatternSyntax.Fault

    /// What `\d`, `\w` and `\s` stand for.
    package enum Escapes: Sendable {
        /// Unicode's digits, words and spaces, as tokenizers have it.
        case unicode
        /// Those that every dialect agrees on: ASCII's where they are asked for; where the others are, none of
        /// Unicode's.
        case agreed
    }

    private let text: [Unicode.Scalar]
    private let escapes: Escapes
    private var position = 0
    private var depth = 0
    private var ignoresCase = false

    private static let lengthLimit = 4096
    private static let depthLimit = 32

    package static func read(_ text: String, escapes: Escapes) throws(Fault) -> PatternSyntax {
        var reader = PatternReader(text: Array(text.unicodeScalars), escapes: escapes)
        guard reader.text.count <= lengthLimit else {
            throw Fault(description: "a pattern of \(reader.text.count) characters; the limit is \(lengthLimit)")
        }
        let syntax = try reader.alternatives()
        if reader.position < reader.text.count { throw reader.fault("')' without its '('") }
        return syntax
    }

    private init(text: [Unicode.Scalar], escapes: Escapes) {
        self.text = text
        self.escapes = escapes
    }

    private mutating func alternatives() throws(Fault) -> PatternSyntax {
        depth += 1
        guard depth <= Self.depthLimit else { throw fault("groups deeper than \(Self.depthLimit)") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        depth -= 1
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(Fault) -> PatternSyntax {
        var nodes: [PatternSyntax] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            nodes.append(scalar == "(" ? try group() : try character())
        }
        return .sequence(nodes)
    }

    private mutating func group() throws(Fault) -> PatternSyntax {
        let start = position
        let outer = ignoresCase
        var look: Bool?
        position += 1
        if take("?") {
            if take("i") {
                ignoresCase = true
                guard take(":") else { throw fault("'(?i' without ':'", at: start) }
            } else if take("!") {
                look = true
            } else if take("=") {
                look = false
            } else if !take(":") {
                throw fault("'(?\(peek.map(String.init) ?? "")'", at: start)
            }
        }
        let inner = try alternatives()
        guard take(")") else { throw fault("'(' without its ')'", at: start) }
        ignoresCase = outer
        let syntax = look.map { PatternSyntax.look(inner, isNegative: $0, place: start) } ?? inner
        guard let repetition = try repetition(from: start) else { return syntax }
        if look != nil { throw fault("a repeated group", at: start) }
        return .repeated(syntax, repetition)
    }

    /// A character, an escape or a class, and how often.
    private mutating func character() throws(Fault) -> PatternSyntax {
        let start = position
        guard let scalar = next() else { throw fault("the end") }
        let set: ScalarSet
        switch scalar {
        case "[": set = try characterClass()
        case "\\": set = ScalarSet(try escape())
        case ".": set = ScalarSet([.range(0x0a...0x0a)], isNegated: true)
        case "^": return .start(place: start)
        case "$": return .end(place: start)
        case "*", "+", "?", "{": throw fault("'\(scalar)' here", at: start)
        default: set = ScalarSet(variants(of: scalar))
        }
        return try repetition(from: start).map { .repeated(.set(set), $0) } ?? .set(set)
    }

    /// The scalar, and where case does not count those that fold to the same.
    private func variants(of scalar: Unicode.Scalar) -> [ScalarSet.Item] {
        guard ignoresCase else { return [.range(scalar.value...scalar.value)] }
        var forms = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].compactMap { form in
            form.unicodeScalars.count == 1 ? form.unicodeScalars.first?.value : nil
        }
        if forms.contains(0x73) { forms.append(0x17f) }
        if forms.contains(0x6b) { forms.append(0x212a) }
        return (forms + [scalar.value]).map { .range($0...$0) }
    }

    private mutating func characterClass() throws(Fault) -> ScalarSet {
        let start = position - 1
        var items: [ScalarSet.Item] = []
        let isNegated = take("^")
        while let scalar = next() {
            if scalar == "]", !items.isEmpty { return ScalarSet(items, isNegated: isNegated) }
            if scalar == "[" || (scalar == "&" && peek == "&") {
                throw fault("a class inside a class", at: position - 1)
            }
            let found = scalar == "\\" ? try escape() : [.range(scalar.value...scalar.value)]
            guard found.count == 1, case .range(let first) = found[0], peek == "-", position + 1 < text.count,
                text[position + 1] != "]"
            else {
                if ignoresCase, found.count == 1, case .range(let range) = found[0],
                    let scalar = Unicode.Scalar(range.lowerBound)
                {
                    items += variants(of: scalar)
                } else {
                    items += found
                }
                continue
            }
            position += 1
            guard let end = next() else { break }
            let last = end == "\\" ? try escape() : [.range(end.value...end.value)]
            guard last.count == 1, case .range(let last) = last[0], first.lowerBound <= last.lowerBound else {
                throw fault("a range that ends before it starts", at: position - 1)
            }
            items.append(.range(first.lowerBound...last.lowerBound))
        }
        throw fault("'[' without its ']'", at: start)
    }

    private mutating func escape() throws(Fault) -> [ScalarSet.Item] {
        let start = position - 1
        guard let scalar = next() else { throw fault("a '\\' at the end", at: start) }
        func single(_ value: UInt32) -> [ScalarSet.Item] { [.range(value...value)] }
        switch scalar {
        case "r": return single(0x0d)
        case "n": return single(0x0a)
        case "t": return single(0x09)
        case "f": return single(0x0c)
        case "v": return single(0x0b)
        case "s", "d", "w": return escapes == .agreed ? Self.ascii(scalar) : [Self.unicode(scalar, isNegated: false)]
        case "S": return [Self.unicode("s", isNegated: true)]
        case "D": return [Self.unicode("d", isNegated: true)]
        case "W": return [Self.unicode("w", isNegated: true)]
        case "p", "P": return [try property(isNegated: scalar == "P", start)]
        case "u", "x": return single(try codePoint(scalar, start))
        case _ where scalar.properties.isAlphabetic || scalar.properties.numericType != nil:
            throw fault("'\\\(scalar)'", at: start)
        default: return single(scalar.value)
        }
    }

    private static func unicode(_ escape: Unicode.Scalar, isNegated: Bool) -> ScalarSet.Item {
        switch escape {
        case "s": .space(isNegated: isNegated)
        case "d": .categories(ScalarCategories.mask(named: "Nd"), isNegated: isNegated)
        default: .word(isNegated: isNegated)
        }
    }

    private static func ascii(_ escape: Unicode.Scalar) -> [ScalarSet.Item] {
        switch escape {
        case "s": [.range(0x09...0x0d), .range(0x20...0x20)]
        case "d": [.range(0x30...0x39)]
        default: [.range(0x30...0x39), .range(0x41...0x5a), .range(0x5f...0x5f), .range(0x61...0x7a)]
        }
    }

    private mutating func property(isNegated: Bool, _ start: Int) throws(Fault) -> ScalarSet.Item {
        var name = ""
        guard take("{") else { throw fault("'\\p' without '{'", at: start) }
        while let scalar = next(), scalar != "}" { name.unicodeScalars.append(scalar) }
        let mask = ScalarCategories.mask(named: name)
        guard mask != 0 else { throw fault("the property '\(name)'", at: start) }
        return .categories(mask, isNegated: isNegated)
    }

    /// `\u0041`, `\u{41}`, `\x{41}`, and where dialects agree on it `\x41`.
    private mutating func codePoint(_ escape: Unicode.Scalar, _ start: Int) throws(Fault) -> UInt32 {
        var digits = ""
        let isBraced = take("{")
        let count = isBraced ? 6 : escape == "x" && escapes == .agreed ? 2 : 4
        while let scalar = peek, scalar.properties.isASCIIHexDigit, digits.count < count {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard let value = UInt32(digits, radix: 16), isBraced ? take("}") : digits.count == count else {
            throw fault("an escape without its digits", at: start)
        }
        return value
    }

    private mutating func repetition(from place: Int) throws(Fault) -> PatternSyntax.Repetition? {
        let start = position
        var repetition: PatternSyntax.Repetition
        if take("?") {
            repetition = PatternSyntax.Repetition(minimum: 0, maximum: 1, place: place)
        } else if take("*") {
            repetition = PatternSyntax.Repetition(minimum: 0, maximum: .max, place: place)
        } else if take("+") {
            repetition = PatternSyntax.Repetition(minimum: 1, maximum: .max, place: place)
        } else if take("{") {
            let minimum = number()
            let maximum = take(",") ? (peek == "}" ? Int.max : number()) : minimum
            guard let minimum, let maximum, minimum <= maximum, take("}") else {
                throw fault("a repetition that is not {n}, {n,} or {n,m}", at: start)
            }
            repetition = PatternSyntax.Repetition(minimum: minimum, maximum: maximum, place: place)
        } else {
            return nil
        }
        if take("?") {
            repetition.kind = .lazy
        } else if take("+") {
            repetition.kind = .possessive
        }
        return repetition
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = peek, ("0"..."9").contains(scalar), digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        return Int(digits)
    }

    private var peek: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        position += 1
        return scalar
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    private func fault(_ construct: String, at place: Int? = nil) -> Fault {
        Fault(construct, place: place ?? position)
    }
}
