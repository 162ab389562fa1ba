internal import Foundation

extension BytePairTokenizer {
    /// Reads `tokenizer.json` of a directory, and what `tokenizer_config.json` says of its special tokens.
    ///
    /// - Parameters:
    ///   - directory: in the Hugging Face form.
    ///   - endToken: the end of a text where the directory's files name none; -1, which is no token, if nobody does.
    /// - Throws: ``TokenizerError``, naming the file and the field at fault.
    public init(directory: String, endToken: Int32 = -1) throws(TokenizerError) {
        let path = directory + "/tokenizer.json"
        let file = TokenizerReader(path: path, root: try Self.json(path))
        let settings = try SpecialTokenSettings(directory: directory)
        try self.init(file, settings, endToken: endToken)
    }

    private init(
        _ file: TokenizerReader, _ settings: SpecialTokenSettings, endToken: Int32
    ) throws(TokenizerError) {
        try file.requireAbsent(["truncation", "padding"])
        let added = try file.addedTokens()
        normalizers = try file.normalizers()
        let split = try file.preTokenizers()
        preTokenizers = split.steps
        let vocabulary = try file.vocabulary(added: added, isByteLevel: split.isByteLevel)
        model = try file.model(vocabulary)
        decoding = try file.decoding(vocabulary, added: added)
        let normalizers = normalizers
        rawTokens = AddedTokens(added.filter { !$0.isNormalized })
        normalizedTokens = AddedTokens(
            added.filter(\.isNormalized).map { token in
                let text = normalizers.reduce(String(decoding: token.content, as: UTF8.self)) { $1($0) }
                return token.with(content: Array(text.utf8))
            })
        func id(_ content: String?) -> Int32? {
            guard let bytes = content.map({ Array($0.utf8) }) else { return nil }
            return added.first { $0.content == bytes }?.id
        }
        endOfTextID = id(settings.endOfText) ?? (endToken >= 0 ? endToken : id(ByteTokenizer.endOfText) ?? -1)
        paddingID = id(settings.padding) ?? -1
        let template = try file.template()
        if settings.addsStart == nil, settings.addsEnd == nil {
            (prefixTokens, suffixTokens) = template
        } else {
            prefixTokens = settings.addsStart == true ? [id(settings.startOfText)].compactMap(\.self) : []
            suffixTokens = settings.addsEnd == true ? [endOfTextID] : []
        }
    }

    /// Reads a JSON file; faults name it.
    static func json(_ path: String) throws(TokenizerError) -> OrderedJSON {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        do throws(JSONParser.Fault) {
            return try JSONParser.parse(Array(data))
        } catch {
            throw .malformed(path: path, reason: error.description)
        }
    }
}

extension AddedTokens.Token {
    fileprivate func with(content: [UInt8]) -> AddedTokens.Token {
        AddedTokens.Token(
            id: id, content: content, isSingleWord: isSingleWord, takesSpaceBefore: takesSpaceBefore,
            takesSpaceAfter: takesSpaceAfter, isNormalized: isNormalized, isSpecial: isSpecial)
    }
}

/// What `tokenizer_config.json` says: which of the tokens starts, ends and pads, and whether texts get the first two.
struct SpecialTokenSettings {
    var startOfText: String?
    var endOfText: String?
    var padding: String?
    var addsStart: Bool?
    var addsEnd: Bool?

    init(directory: String) throws(TokenizerError) {
        let path = directory + "/tokenizer_config.json"
        guard FileManager.default.fileExists(atPath: path) else { return }
        let file = try BytePairTokenizer.json(path)
        // A token is its text, or an object that holds it.
        func token(_ name: String) -> String? { file[name]?.text ?? file[name]?["content"]?.text }
        startOfText = token("bos_token")
        endOfText = token("eos_token")
        padding = token("pad_token")
        addsStart = file["add_bos_token"]?.flag
        addsEnd = file["add_eos_token"]?.flag
    }
}
