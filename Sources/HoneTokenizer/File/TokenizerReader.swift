/// Reads the parts of a `tokenizer.json`; what would change the ids and is not followed is an error that names it.
///
/// Format: https://github.com/huggingface/tokenizers, `tokenizers/src/tokenizer/serialization.rs`.
struct TokenizerReader {
    let path: String
    let root: OrderedJSON

    /// Far above any vocabulary, and low enough that a hostile file cannot ask for much memory.
    static let idLimit: Int32 = 1 << 20

    func requireAbsent(_ fields: [String]) throws(TokenizerError) {
        for field in fields {
            if let value = root[field] { throw unsupported(field, value, "null") }
        }
    }

    func addedTokens() throws(TokenizerError) -> [AddedTokens.Token] {
        var tokens: [AddedTokens.Token] = []
        var ids: Set<Int32> = []
        for element in try list("added_tokens", root["added_tokens"]) {
            guard let content = element["content"]?.text, !content.isEmpty, let id = element["id"]?.id else {
                throw malformed("added_tokens has an entry without its content and id")
            }
            guard (0..<Self.idLimit).contains(id), ids.insert(id).inserted else {
                throw malformed("\"\(content)\" has the id \(id), taken or too large")
            }
            func flag(_ name: String) -> Bool { element[name]?.flag ?? false }
            tokens.append(
                AddedTokens.Token(
                    id: id, content: Array(content.utf8), isSingleWord: flag("single_word"),
                    takesSpaceBefore: flag("lstrip"), takesSpaceAfter: flag("rstrip"),
                    isNormalized: element["normalized"]?.flag ?? !flag("special"), isSpecial: flag("special")))
        }
        return tokens
    }

    // MARK: Steps before the model

    func normalizers() throws(TokenizerError) -> [Normalizer] {
        try steps("normalizer", root["normalizer"], inner: "normalizers").map { step throws(TokenizerError) in
            switch step["type"]?.text {
            case "NFC": return .composed
            case "NFD": return .decomposed
            case "NFKC": return .compatibilityComposed
            case "NFKD": return .compatibilityDecomposed
            case "Prepend": return .prepend(try text("normalizer.prepend", step["prepend"]))
            case "Replace":
                return .replace(
                    try text("normalizer.pattern.String", step["pattern"]?["String"]),
                    by: try text("normalizer.content", step["content"]))
            default:
                throw unsupported("normalizer", step["type"], "NFC, NFD, NFKC, NFKD, Prepend, Replace or Sequence")
            }
        }
    }

    func preTokenizers() throws(TokenizerError) -> (steps: [PreTokenizer], isByteLevel: Bool) {
        var found: [PreTokenizer] = []
        var isByteLevel = false
        for step in try steps("pre_tokenizer", root["pre_tokenizer"], inner: "pretokenizers") {
            guard !isByteLevel else { throw malformed("pre_tokenizer has a step behind ByteLevel") }
            switch step["type"]?.text {
            case "ByteLevel":
                isByteLevel = true
                if step["add_prefix_space"]?.flag ?? true { found.append(.prefixSpace) }
                if step["use_regex"]?.flag ?? true {
                    found.append(.split(try pattern(PreTokenizer.gpt2Pattern), dropsRest: false))
                }
            case "Split": found.append(try split(step))
            case "Digits": found.append(.digits(each: step["individual_digits"]?.flag ?? false))
            case "Metaspace": found.append(try metaspace(step))
            default:
                throw unsupported(
                    "pre_tokenizer", step["type"], "ByteLevel, Split, Digits, Metaspace or Sequence")
            }
        }
        return (found, isByteLevel)
    }

    private func split(_ step: OrderedJSON) throws(TokenizerError) -> PreTokenizer {
        let pattern: Pattern
        if let text = step["pattern"]?["String"]?.text {
            pattern = try self.pattern(text.unicodeScalars.map { "\\x{\(String($0.value, radix: 16))}" }.joined())
        } else {
            pattern = try self.pattern(try text("pre_tokenizer.pattern.Regex", step["pattern"]?["Regex"]))
        }
        let isInverted = step["invert"]?.flag ?? false
        switch (step["behavior"]?.text, isInverted) {
        case ("Isolated", _): return .split(pattern, dropsRest: false)
        case ("Removed", true): return .split(pattern, dropsRest: true)
        default:
            throw unsupported("pre_tokenizer.behavior", step["behavior"], "Isolated, or Removed with invert")
        }
    }

    private func pattern(_ text: String) throws(TokenizerError) -> Pattern {
        do throws(PatternParser.Fault) {
            return try PatternParser.parse(text)
        } catch {
            throw .unsupported(
                path: path, field: "pre_tokenizer.pattern", found: "\"\(text)\" with \(error.description)",
                supported: "classes, groups, alternatives, lookahead and repetition of single characters")
        }
    }

    private func metaspace(_ step: OrderedJSON) throws(TokenizerError) -> PreTokenizer {
        let mark = try text("pre_tokenizer.replacement", step["replacement"])
        guard mark.unicodeScalars.count == 1 else {
            throw malformed("pre_tokenizer.replacement is \"\(mark)\", not one character")
        }
        // Older files say add_prefix_space where newer ones say when.
        let older = step["add_prefix_space"]?.flag == false ? "never" : "always"
        let scheme = step["prepend_scheme"]?.text ?? older
        guard let prepends = PreTokenizer.Prepending(rawValue: scheme) else {
            throw unsupported("pre_tokenizer.prepend_scheme", .string(scheme), "always, first or never")
        }
        return .metaspace(mark: mark, prepends: prepends, splits: step["split"]?.flag ?? true)
    }

    // MARK: Behind the model

    /// The tokens that the post-processor sets before a text and behind it.
    func template() throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
        var template: (prefix: [Int32], suffix: [Int32]) = ([], [])
        for step in try steps("post_processor", root["post_processor"], inner: "processors") {
            switch step["type"]?.text {
            case "ByteLevel": continue
            case "TemplateProcessing": template = try self.template(step)
            default:
                throw unsupported("post_processor", step["type"], "ByteLevel, TemplateProcessing or Sequence")
            }
        }
        return template
    }

    private func template(_ step: OrderedJSON) throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
        var parts: [[Int32]] = [[]]
        for piece in try list("post_processor.single", step["single"]) {
            if piece["Sequence"] != nil {
                parts.append([])
                continue
            }
            let name = try text("post_processor.single.SpecialToken.id", piece["SpecialToken"]?["id"])
            for id in try list("post_processor.special_tokens.ids", step["special_tokens"]?[name]?["ids"]) {
                guard let id = id.id else { throw malformed("post_processor.special_tokens has an id that is none") }
                parts[parts.count - 1].append(id)
            }
        }
        guard parts.count == 2 else { throw malformed("post_processor.single does not hold the text once") }
        return (parts[0], parts[1])
    }

    // MARK: Fields

    /// The steps of a component: none, itself, or those of a sequence.
    func steps(_ field: String, _ component: OrderedJSON?, inner: String) throws(TokenizerError) -> [OrderedJSON] {
        guard let component else { return [] }
        guard component["type"]?.text == "Sequence" else { return [component] }
        var found: [OrderedJSON] = []
        for step in try list("\(field).\(inner)", component[inner]) {
            found += try steps(field, step, inner: inner)
        }
        return found
    }

    func list(_ field: String, _ value: OrderedJSON?) throws(TokenizerError) -> [OrderedJSON] {
        guard let value else { return [] }
        guard let elements = value.elements else { throw malformed("\(field) is \(value.kind), not a list") }
        return elements
    }

    func text(_ field: String, _ value: OrderedJSON?) throws(TokenizerError) -> String {
        guard let text = value?.text else { throw malformed("\(field) is \(value?.kind ?? "missing"), not a text") }
        return text
    }

    func malformed(_ reason: String) -> TokenizerError { .malformed(path: path, reason: reason) }

    func unsupported(_ field: String, _ found: OrderedJSON?, _ supported: String) -> TokenizerError {
        .unsupported(path: path, field: field, found: found?.kind ?? "null", supported: supported)
    }
}
