/// The tokenizer of a Hugging Face directory: byte pair encoding over bytes (GPT-2, Llama 3, Qwen) or over characters
/// with bytes for those that are rare (Llama 2), with the steps that its `tokenizer.json` names.
///
/// The same ids as Hugging Face's tokenizers; `Tests/Oracles/imported_tokenizer_fixtures.py` compares them.
public struct BytePairTokenizer: Tokenizer {
    public let endOfTextID: Int32
    public let paddingID: Int32
    public let prefixTokens: [Int32]
    public let suffixTokens: [Int32]
    let model: BytePairModel
    /// Looked for in the text as it is …
    let rawTokens: AddedTokens
    /// … and in the normalized one.
    let normalizedTokens: AddedTokens
    let normalizers: [Normalizer]
    let preTokenizers: [PreTokenizer]
    let decoding: TokenDecoding

    public var vocabularySize: Int { decoding.vocabularySize }

    public func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] {
        var ids: [Int32] = []
        let bytes = Array(text.utf8)
        for piece in rawTokens.pieces(of: bytes, parsingSpecial: parsingSpecialTokens) {
            switch piece {
            case .token(let id):
                ids.append(id)
            case .plain(let range):
                encodeNormalized(
                    normalized(bytes[range]), isFirst: range.lowerBound == 0, parsingSpecialTokens, into: &ids)
            }
        }
        return ids
    }

    private func normalized(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var bytes = bytes
        if bytes.contains(Self.shield[0]) { bytes = bytes.replacing(Self.shield, with: []) }
        if normalizers.isEmpty { return Array(bytes) }
        return Array(normalizers.reduce(String(decoding: bytes, as: UTF8.self)) { $1($0) }.utf8)
    }

    private func encodeNormalized(
        _ text: [UInt8], isFirst: Bool, _ parsingSpecialTokens: Bool, into ids: inout [Int32]
    ) {
        for piece in normalizedTokens.pieces(of: text, parsingSpecial: parsingSpecialTokens) {
            switch piece {
            case .token(let id):
                ids.append(id)
            case .plain(let range):
                for word in words(of: text[range], isFirst: isFirst && range.lowerBound == 0) {
                    model.encode(word, into: &ids)
                }
            }
        }
    }

    private func words(of text: ArraySlice<UInt8>, isFirst: Bool) -> [[UInt8]] {
        if preTokenizers.isEmpty { return [Array(text)] }
        var pieces = [String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)]
        for step in preTokenizers {
            pieces = pieces.enumerated().flatMap { step($0.element, isFirst: isFirst && $0.offset == 0) }
        }
        return pieces.map { piece in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(piece.count)
            for value in piece {
                if value < 128 {
                    bytes.append(UInt8(value))
                } else if let scalar = Unicode.Scalar(value) {
                    bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
                }
            }
            return bytes
        }
    }

    public func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] {
        decoding.bytes(of: id, keepingSpecialTokens: keepingSpecialTokens)
    }

    public func decode(_ ids: some Sequence<Int32>, keepingSpecialTokens: Bool) -> String {
        decoding.text(of: ids, keepingSpecialTokens: keepingSpecialTokens)
    }
}
