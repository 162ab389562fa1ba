/// The tokens of a `tokenizer.json` by name and by bytes.
struct TokenVocabulary {
    /// Whether names are written in GPT-2's alphabet, a character a byte.
    let isByteLevel: Bool
    /// Ids by what the model compares: bytes of the text, or of the name where it is no text of the alphabet.
    fileprivate(set) var idOfBytes: [[UInt8]: Int32] = [:]
    /// What a token's name stands for, by its id, the added ones with them.
    fileprivate(set) var bytesOfID: [[UInt8]] = []

    fileprivate init(isByteLevel: Bool) { self.isByteLevel = isByteLevel }

    /// The bytes that a name stands for in the model.
    fileprivate func bytes(of name: String) -> [UInt8] {
        guard isByteLevel else { return Array(name.utf8) }
        var bytes: [UInt8] = []
        for scalar in name.unicodeScalars {
            guard let byte = ByteAlphabet.byteOfScalar[scalar] else { return Array(name.utf8) }
            bytes.append(byte)
        }
        return bytes
    }

    fileprivate mutating func add(_ bytes: [UInt8], id: Int32) {
        if Int(id) >= bytesOfID.count { bytesOfID += Array(repeating: [], count: Int(id) + 1 - bytesOfID.count) }
        bytesOfID[Int(id)] = bytes
    }
}

// The model and the decoder.
extension TokenizerReader {
    func vocabulary(added: [AddedTokens.Token], isByteLevel: Bool) throws(TokenizerError) -> TokenVocabulary {
        guard let members = root["model"]?["vocab"]?.members else {
            let kind = root["model"]?["vocab"]?.kind ?? "missing"
            throw malformed("model.vocab is \(kind), not an object of tokens and ids")
        }
        var vocabulary = TokenVocabulary(isByteLevel: isByteLevel)
        var taken: Set<Int32> = []
        for member in members {
            guard let id = member.value.id, (0..<Self.idLimit).contains(id), taken.insert(id).inserted else {
                throw malformed(
                    "model.vocab gives \"\(member.name)\" the id \(member.value.kind), taken, too large or none")
            }
            let bytes = vocabulary.bytes(of: member.name)
            vocabulary.idOfBytes[bytes] = id
            vocabulary.add(bytes, id: id)
        }
        for token in added {
            let name = String(decoding: token.content, as: UTF8.self)
            if taken.contains(token.id), vocabulary.bytesOfID[Int(token.id)] != vocabulary.bytes(of: name) {
                throw malformed("\"\(name)\" has the id \(token.id), which model.vocab gives another token")
            }
            vocabulary.add(vocabulary.bytes(of: name), id: token.id)
        }
        return vocabulary
    }

    func model(_ vocabulary: TokenVocabulary) throws(TokenizerError) -> BytePairModel {
        guard let model = root["model"] else { throw malformed("model is missing") }
        if let type = model["type"], type.text != "BPE" { throw unsupported("model.type", type, "BPE") }
        if let dropout = model["dropout"], dropout != .number(0) { throw unsupported("model.dropout", dropout, "null") }
        for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let value = model[field], value != .string("") { throw unsupported("model.\(field)", value, "null") }
        }
        return BytePairModel(
            start: try firstSymbols(model, vocabulary), vocabulary: vocabulary.idOfBytes,
            takesWholeWords: model["ignore_merges"]?.flag ?? false, merges: try merges(model, vocabulary))
    }

    private func firstSymbols(
        _ model: OrderedJSON, _ vocabulary: TokenVocabulary
    ) throws(TokenizerError) -> BytePairModel.Symbols {
        func ids(_ what: String, _ name: (UInt8) -> [UInt8]) throws(TokenizerError) -> [Int32] {
            var ids: [Int32] = []
            for byte in UInt8.min...UInt8.max {
                guard let id = vocabulary.idOfBytes[name(byte)] else {
                    throw malformed("model.vocab has no \(what) for the byte \(byte)")
                }
                ids.append(id)
            }
            return ids
        }
        if vocabulary.isByteLevel { return .bytes(try ids("token") { [$0] }) }
        let fallsBack = model["byte_fallback"]?.flag ?? false
        let unknown = model["unk_token"]?.text
        let unknownID = unknown.flatMap { vocabulary.idOfBytes[Array($0.utf8)] }
        if let unknown, unknownID == nil { throw malformed("model.vocab lacks the unknown token \"\(unknown)\"") }
        return .characters(
            idOfByte: fallsBack ? try ids("token <0x..>") { Array(ByteName.name(of: $0).utf8) } : nil,
            unknown: unknownID, fusesUnknown: model["fuse_unk"]?.flag ?? false)
    }

    private func merges(
        _ model: OrderedJSON, _ vocabulary: TokenVocabulary
    ) throws(TokenizerError) -> [(left: Int32, right: Int32, id: Int32)] {
        func id(_ bytes: [UInt8]) throws(TokenizerError) -> Int32 {
            guard let id = vocabulary.idOfBytes[bytes] else {
                let name = String(decoding: bytes, as: UTF8.self)
                throw malformed("model.merges has \"\(name)\", which model.vocab does not have")
            }
            return id
        }
        var merges: [(left: Int32, right: Int32, id: Int32)] = []
        for element in try list("model.merges", model["merges"]) {
            // A pair: in old files a text with a space between the two, in new ones a list.
            let names = element.elements?.compactMap(\.text) ?? element.text.map(Self.halves(of:))
            guard let names, names.count == 2 else { throw malformed("model.merges has \(element.kind), no pair") }
            let (left, right) = (vocabulary.bytes(of: names[0]), vocabulary.bytes(of: names[1]))
            merges.append((try id(left), try id(right), try id(left + right)))
        }
        return merges
    }

    private static func halves(of text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    // MARK: Decoding

    func decoding(_ vocabulary: TokenVocabulary, added: [AddedTokens.Token]) throws(TokenizerError) -> TokenDecoding {
        var bytesOfID = vocabulary.bytesOfID
        var byteTokens: Set<Int32> = []
        var strippedSpaceCount = 0
        let steps = try steps("decoder", root["decoder"], inner: "decoders")
        let kinds = steps.map { $0["type"]?.text ?? "" }
        if vocabulary.isByteLevel {
            guard kinds == ["ByteLevel"] else {
                throw unsupported("decoder", root["decoder"]?["type"], "ByteLevel for a tokenizer over bytes")
            }
        } else {
            for step in steps {
                switch step["type"]?.text {
                case "Replace":
                    let old = try text("decoder.pattern.String", step["pattern"]?["String"])
                    let new = try text("decoder.content", step["content"])
                    bytesOfID = bytesOfID.map {
                        Array(String(decoding: $0, as: UTF8.self).replacingBytes(of: old, by: new).utf8)
                    }
                case "ByteFallback":
                    for (id, name) in bytesOfID.enumerated() {
                        guard let byte = ByteName.byte(of: name) else { continue }
                        bytesOfID[id] = [byte]
                        byteTokens.insert(Int32(id))
                    }
                case "Fuse": continue
                case "Strip":
                    guard step["content"]?.text == " ", step["stop"]?.id ?? 0 == 0, let count = step["start"]?.id,
                        count >= 0
                    else {
                        throw unsupported("decoder.Strip", step["content"], "spaces at the start")
                    }
                    strippedSpaceCount = Int(count)
                default:
                    throw unsupported(
                        "decoder", step["type"], "ByteLevel, or a Sequence of Replace, ByteFallback, Fuse and Strip")
                }
            }
            guard kinds.contains("Fuse") else {
                throw unsupported("decoder", root["decoder"]?["type"], "one with Fuse")
            }
        }
        return TokenDecoding(
            bytesOfID: bytesOfID, byteTokens: byteTokens, specialTokens: Set(added.filter(\.isSpecial).map(\.id)),
            strippedSpaceCount: strippedSpaceCount)
    }
}

/// How vocabularies over characters name the tokens of single bytes: `<0x0A>`.
private enum ByteName {
    static func name(of byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(byte < 16 ? "0" : "")\(digits)>"
    }

    static func byte(of name: [UInt8]) -> UInt8? {
        guard name.count == 6, name.starts(with: "<0x".utf8), name.last == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: name[3..<5], as: UTF8.self), radix: 16)
    }
}
