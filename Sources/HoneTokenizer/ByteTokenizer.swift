/// Byte-level byte pair encoding with two special tokens: the tokenizer of models trained from nothing.
///
/// Without merges there is one token for each byte, ids 0 to 255, so each digit is a token of its own; with merges, as
/// ``trained(on:vocabularySize:)`` learns them, frequent words are tokens too. As a file it is Hugging Face's
/// byte-level BPE, and reads the same there.
public struct ByteTokenizer: Tokenizer, Hashable {
    public let endOfTextID: Int32
    public let paddingID: Int32
    public let vocabularySize: Int

    let idOfByte: [Int32]
    /// In descending order of length, since of two that match the longer wins.
    let specialTokens: [SpecialToken]
    let merges: BytePairMerges
    /// Of the tokens that are not special.
    let bytesOfID: [Int32: [UInt8]]

    struct SpecialToken: Hashable {
        let id: Int32
        let bytes: [UInt8]
    }

    static let endOfText = "<|eos|>"
    static let padding = "<|pad|>"

    public init() {
        self.init(
            idOfByte: Array(0...255), endOfTextID: 256, paddingID: 257,
            specialTokens: [(256, Self.endOfText), (257, Self.padding)])
    }

    init(
        idOfByte: [Int32], endOfTextID: Int32, paddingID: Int32, specialTokens: [(id: Int32, content: String)],
        merges: BytePairMerges = .none
    ) {
        self.idOfByte = idOfByte
        self.endOfTextID = endOfTextID
        self.paddingID = paddingID
        self.specialTokens = specialTokens.map { SpecialToken(id: $0.id, bytes: Array($0.content.utf8)) }
            .sorted { $0.bytes.count > $1.bytes.count }
        self.merges = merges
        var bytesOfID = Dictionary(uniqueKeysWithValues: zip(idOfByte, (UInt8.min...UInt8.max).map { [$0] }))
        for merge in merges.merges {
            bytesOfID[merge.id] = (bytesOfID[merge.pair.left] ?? []) + (bytesOfID[merge.pair.right] ?? [])
        }
        self.bytesOfID = bytesOfID
        vocabularySize = Int((Array(bytesOfID.keys) + specialTokens.map(\.id)).reduce(0, max)) + 1
    }

    public func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] {
        guard parsingSpecialTokens else { return encodePlain(text) }
        var ids: [Int32] = []
        var rest = text.utf8[...]
        var plainStart = rest.startIndex
        while !rest.isEmpty {
            guard let special = specialTokens.first(where: { rest.starts(with: $0.bytes) }) else {
                rest = rest.dropFirst()
                continue
            }
            ids += encodePlain(String(text[plainStart..<rest.startIndex])) + [special.id]
            rest = rest.dropFirst(special.bytes.count)
            plainStart = rest.startIndex
        }
        return ids + encodePlain(String(text[plainStart...]))
    }

    private func encodePlain(_ text: String) -> [Int32] {
        func bytes(_ text: some StringProtocol) -> [Int32] { text.utf8.map { idOfByte[Int($0)] } }
        if merges.merges.isEmpty { return bytes(text) }
        guard merges.partsWords else { return merges.apply(to: bytes(text)) }
        return WordSplitter.words(in: text).flatMap { merges.apply(to: bytes($0)) }
    }

    public func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] {
        if let bytes = bytesOfID[id] { return bytes }
        guard keepingSpecialTokens, let special = specialTokens.first(where: { $0.id == id }) else { return [] }
        return special.bytes
    }
}
