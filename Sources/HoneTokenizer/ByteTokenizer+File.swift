public import Foundation

extension ByteTokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// - Throws: ``TokenizerError`` where the file is no byte-level tokenizer of this kind.
    public init(contentsOf path: String) throws(TokenizerError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        try self.init(tokenizerJSON: data, path: path)
    }

    /// Reads the content of a `tokenizer.json`; errors name `path`.
    public init(tokenizerJSON data: Data, path: String) throws(TokenizerError) {
        let file: TokenizerFile
        do {
            file = try JSONDecoder().decode(TokenizerFile.self, from: data)
        } catch {
            throw .malformed(path: path, reason: Self.reason(for: error))
        }
        try Self.validate(file, path: path)
        try Self.requireOwnPadding(file, path: path)
        let specialTokens = try Self.specialTokens(of: file, path: path)
        try self.init(
            idOfByte: Self.idOfByte(file.model.vocab, path: path),
            endOfTextID: Self.id(of: Self.endOfText, in: specialTokens, path: path),
            paddingID: Self.id(of: Self.padding, in: specialTokens, path: path),
            specialTokens: specialTokens, merges: Self.merges(of: file, path: path))
    }

    /// The content of `tokenizer.json`; the same bytes for equal tokenizers.
    public func tokenizerJSON() throws -> Data {
        let text = bytesOfID.mapValues { ByteAlphabet.text(of: $0) }
        let file = TokenizerFile(
            addedTokens: specialTokens.sorted { $0.id < $1.id }.map {
                TokenizerFile.AddedToken(id: $0.id, content: String(decoding: $0.bytes, as: UTF8.self))
            },
            preTokenizer: .byteLevel(partsWords: merges.partsWords), decoder: .byteLevel(partsWords: merges.partsWords),
            model: TokenizerFile.Model(
                vocab: Dictionary(text.map { ($1, $0) }) { min($0, $1) },
                merges: merges.merges.map { merge in
                    TokenizerFile.Merge(left: text[merge.pair.left] ?? "", right: text[merge.pair.right] ?? "")
                }))
        return try Self.encoder.encode(file)
    }

    /// The content of `tokenizer_config.json`, which tells transformers the two special tokens.
    public func tokenizerConfigurationJSON() throws -> Data {
        try Self.encoder.encode([
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": Self.endOfText, "pad_token": Self.padding,
        ])
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return encoder
    }

    private static func validate(_ file: TokenizerFile, path: String) throws(TokenizerError) {
        func require(_ field: String, _ isSupported: Bool, found: String, supported: String) throws(TokenizerError) {
            guard isSupported else {
                throw .unsupported(path: path, field: field, found: found, supported: supported)
            }
        }
        let model = file.model
        try require("model.type", model.type == "BPE", found: model.type, supported: "BPE")
        try require("model.ignore_merges", model.ignoreMerges != true, found: "true", supported: "false")
        try require("model.dropout", model.dropout == nil, found: "set", supported: "null")
        try require("truncation", file.truncation == nil, found: "set", supported: "null")
        try require("padding", file.padding == nil, found: "set", supported: "null")
        try require("normalizer", file.normalizer == nil, found: file.normalizer?.type ?? "null", supported: "null")
        for (field, component) in [("pre_tokenizer", file.preTokenizer), ("decoder", file.decoder)] {
            let type = component?.type ?? "null"
            try require(field, type == "ByteLevel", found: type, supported: "ByteLevel")
        }
        let addsSpace = file.preTokenizer?.addPrefixSpace ?? true
        try require("pre_tokenizer.add_prefix_space", !addsSpace, found: "true", supported: "false")
        let postProcessor = file.postProcessor?.type ?? "ByteLevel"
        try require(
            "post_processor", postProcessor == "ByteLevel", found: postProcessor, supported: "ByteLevel or null")
        for token in file.addedTokens {
            let isPlain = token.special && !token.content.isEmpty && !(token.singleWord || token.lstrip || token.rstrip)
            try require(
                "added_tokens \"\(token.content)\"", isPlain, found: "not plain",
                supported: "special, with a text, without single_word, lstrip and rstrip")
        }
    }

    /// Where both are one token, a loss that leaves padding out never learns to end, and a score lands on padding.
    private static func requireOwnPadding(_ file: TokenizerFile, path: String) throws(TokenizerError) {
        let ids = [endOfText, padding].compactMap { text in file.addedTokens.first { $0.content == text }?.id }
        guard ids.count == 2, ids[0] == ids[1] else { return }
        throw .malformed(
            path: path,
            reason: "\"\(padding)\" has the id \(ids[1]) of \"\(endOfText)\", so that an answer's end could not be "
                + "told from padding; give it an id of its own")
    }

    private static func idOfByte(_ vocabulary: [String: Int32], path: String) throws(TokenizerError) -> [Int32] {
        var ids: [Int32] = []
        for (byte, scalar) in ByteAlphabet.scalarOfByte.enumerated() {
            guard let id = vocabulary[String(scalar)] else {
                throw .malformed(path: path, reason: "model.vocab has no entry \"\(scalar)\" for the byte \(byte)")
            }
            guard (0..<idLimit).contains(id), !ids.contains(id) else {
                throw .malformed(path: path, reason: "model.vocab gives the byte \(byte) the id \(id)")
            }
            ids.append(id)
        }
        return ids
    }

    /// The added tokens, whose ids are no byte's and differ from each other.
    private static func specialTokens(
        of file: TokenizerFile, path: String
    ) throws(TokenizerError) -> [(id: Int32, content: String)] {
        let contents = Set(file.addedTokens.map(\.content))
        var taken: Set<Int32> = []
        for (text, id) in file.model.vocab where !contents.contains(text) {
            guard (0..<idLimit).contains(id), taken.insert(id).inserted else {
                throw .malformed(path: path, reason: "model.vocab gives \"\(text)\" the id \(id), taken or too large")
            }
        }
        for token in file.addedTokens {
            guard (0..<idLimit).contains(token.id), taken.insert(token.id).inserted else {
                throw .malformed(path: path, reason: "\"\(token.content)\" has the id \(token.id), taken or too large")
            }
        }
        return file.addedTokens.map { ($0.id, $0.content) }
    }

    private static func merges(of file: TokenizerFile, path: String) throws(TokenizerError) -> BytePairMerges {
        func id(_ text: String) throws(TokenizerError) -> Int32 {
            guard let id = file.model.vocab[text] else {
                throw .malformed(path: path, reason: "model.merges makes \"\(text)\", which model.vocab does not have")
            }
            return id
        }
        var merges: [BytePairMerges.Merge] = []
        for merge in file.model.merges {
            let pair = BytePairMerges.Pair(left: try id(merge.left), right: try id(merge.right))
            merges.append(BytePairMerges.Merge(pair: pair, id: try id(merge.left + merge.right)))
        }
        return BytePairMerges(merges, partsWords: file.preTokenizer?.useRegex ?? true)
    }

    private static func id(
        of content: String, in tokens: [(id: Int32, content: String)], path: String
    ) throws(TokenizerError) -> Int32 {
        guard let token = tokens.first(where: { $0.content == content }) else {
            throw .malformed(path: path, reason: "added_tokens has no \"\(content)\"")
        }
        return token.id
    }

    /// Far above any vocabulary, and low enough that a hostile file cannot ask for a huge embedding.
    private static let idLimit: Int32 = 1 << 20

    private static func reason(for error: any Error) -> String {
        guard let error = error as? DecodingError else { return error.localizedDescription }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(place(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(place(context.codingPath)) has another type than expected"
        case .dataCorrupted(let context):
            let place = context.codingPath.isEmpty ? "it" : place(context.codingPath)
            return "\(place) is corrupt (\(context.debugDescription))"
        @unknown default:
            return "\(error)"
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
}
