/// Compiles a regular expression; what it does not know is an error that names the construct and its place.
struct PatternParser {
    private let text: [Unicode.Scalar]
    private var position = 0
    private var steps: [Pattern.Step] = []
    private var depth = 0
    private var ignoresCase = false

    /// What of a pattern is not followed.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    private static let lengthLimit = 4096
    private static let depthLimit = 32

    static func parse(_ text: String) throws(Fault) -> Pattern {
        var parser = PatternParser(text: Array(text.unicodeScalars))
        guard parser.text.count <= lengthLimit else {
            throw Fault(description: "a pattern of \(parser.text.count) characters; the limit is \(lengthLimit)")
        }
        let tree = try parser.alternatives()
        if parser.position < parser.text.count { throw parser.fault("')' without its '('") }
        let start = parser.compile(tree, next: parser.add(.match))
        return Pattern(steps: parser.steps, start: start)
    }

    private init(text: [Unicode.Scalar]) { self.text = text }

    // MARK: Reading

    private indirect enum Node {
        case run(ScalarSet, minimum: Int, maximum: Int, isPossessive: Bool)
        case sequence([Node])
        case alternatives([Node])
        case look(Node, isNegative: Bool)
    }

    private mutating func alternatives() throws(Fault) -> Node {
        depth += 1
        guard depth <= Self.depthLimit else { throw fault("groups deeper than \(Self.depthLimit)") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        depth -= 1
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(Fault) -> Node {
        var nodes: [Node] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            nodes.append(scalar == "(" ? try group() : try character())
        }
        return .sequence(nodes)
    }

    private mutating func group() throws(Fault) -> Node {
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
        guard let quantifier = try quantifier() else { return look.map { .look(inner, isNegative: $0) } ?? inner }
        guard look == nil, quantifier.minimum == 0, quantifier.maximum == 1, !quantifier.isPossessive else {
            throw fault("a repeated group", at: start)
        }
        return .alternatives([inner, .sequence([])])
    }

    /// A character, an escape or a class, and how often.
    private mutating func character() throws(Fault) -> Node {
        let start = position
        guard let scalar = next() else { throw fault("the end") }
        let set: ScalarSet
        switch scalar {
        case "[": set = try characterClass()
        case "\\": set = ScalarSet([try escape()])
        case ".": set = ScalarSet([.range(0x0a...0x0a)], isNegated: true)
        case "^", "$", "*", "+", "?", "{": throw fault("'\(scalar)' here", at: start)
        default: set = ScalarSet(variants(of: scalar))
        }
        let quantifier = try quantifier() ?? (1, 1, false)
        return .run(
            set, minimum: quantifier.minimum, maximum: quantifier.maximum, isPossessive: quantifier.isPossessive)
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
            let item = scalar == "\\" ? try escape() : .range(scalar.value...scalar.value)
            guard case .range(let first) = item, peek == "-", position + 1 < text.count, text[position + 1] != "]"
            else {
                if ignoresCase, case .range(let range) = item, let scalar = Unicode.Scalar(range.lowerBound) {
                    items += variants(of: scalar)
                } else {
                    items.append(item)
                }
                continue
            }
            position += 1
            guard let end = next() else { break }
            let last = end == "\\" ? try escape() : .range(end.value...end.value)
            guard case .range(let last) = last, first.lowerBound <= last.lowerBound else {
                throw fault("a range that ends before it starts", at: position - 1)
            }
            items.append(.range(first.lowerBound...last.lowerBound))
        }
        throw fault("'[' without its ']'", at: start)
    }

    private mutating func escape() throws(Fault) -> ScalarSet.Item {
        let start = position - 1
        guard let scalar = next() else { throw fault("a '\\' at the end", at: start) }
        func single(_ value: UInt32) -> ScalarSet.Item { .range(value...value) }
        switch scalar {
        case "r": return single(0x0d)
        case "n": return single(0x0a)
        case "t": return single(0x09)
        case "f": return single(0x0c)
        case "v": return single(0x0b)
        case "s": return .space(isNegated: false)
        case "S": return .space(isNegated: true)
        case "d": return .categories(ScalarCategories.mask(named: "Nd"), isNegated: false)
        case "D": return .categories(ScalarCategories.mask(named: "Nd"), isNegated: true)
        case "w": return .word(isNegated: false)
        case "W": return .word(isNegated: true)
        case "p", "P": return try property(isNegated: scalar == "P", start)
        case "u", "x": return single(try codePoint(start))
        case _ where scalar.properties.isAlphabetic || scalar.properties.numericType != nil:
            throw fault("'\\\(scalar)'", at: start)
        default: return single(scalar.value)
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

    private mutating func codePoint(_ start: Int) throws(Fault) -> UInt32 {
        var digits = ""
        let isBraced = take("{")
        while let scalar = peek, scalar.properties.isASCIIHexDigit, digits.count < (isBraced ? 6 : 4) {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard let value = UInt32(digits, radix: 16), isBraced ? take("}") : digits.count == 4 else {
            throw fault("an escape without its digits", at: start)
        }
        return value
    }

    private mutating func quantifier() throws(Fault) -> (minimum: Int, maximum: Int, isPossessive: Bool)? {
        let start = position
        let bounds: (minimum: Int, maximum: Int)
        if take("?") {
            bounds = (0, 1)
        } else if take("*") {
            bounds = (0, .max)
        } else if take("+") {
            bounds = (1, .max)
        } else if take("{") {
            let minimum = number()
            let maximum = take(",") ? (peek == "}" ? Int.max : number()) : minimum
            guard let minimum, let maximum, minimum <= maximum, take("}") else {
                throw fault("a repetition that is not {n}, {n,} or {n,m}", at: start)
            }
            bounds = (minimum, maximum)
        } else {
            return nil
        }
        if take("?") { throw fault("a lazy repetition", at: start) }
        return (bounds.minimum, bounds.maximum, take("+"))
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
        Fault(description: "\(construct) at character \((place ?? position) + 1) of the pattern")
    }

    // MARK: Compiling

    private mutating func add(_ step: Pattern.Step) -> Int {
        steps.append(step)
        return steps.count - 1
    }

    /// The step from which `node` and then `next` match.
    private mutating func compile(_ node: Node, next: Int) -> Int {
        switch node {
        case .run(let set, let minimum, let maximum, let isPossessive):
            return add(.run(set, minimum: minimum, maximum: maximum, isPossessive: isPossessive, next: next))
        case .sequence(let nodes):
            return nodes.reversed().reduce(next) { compile($1, next: $0) }
        case .alternatives(let nodes):
            return add(.branch(nodes.map { compile($0, next: next) }))
        case .look(let node, let isNegative):
            let start = compile(node, next: add(.match))
            return add(.look(start: start, isNegative: isNegative, next: next))
        }
    }
}
