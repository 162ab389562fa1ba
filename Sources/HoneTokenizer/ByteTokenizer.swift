/// One token for each byte, and two special ones: the tokenizer of models trained from nothing.
///
/// Ids 0 to 255 are the bytes, so each digit is a token of its own. As a file it is Hugging Face's byte-level BPE
/// without merges, and reads the same there.
public struct ByteTokenizer: Tokenizer, Hashable {
    public let endOfTextID: Int32
    public let paddingID: Int32
    public let vocabularySize: Int

    let idOfByte: [Int32]
    /// In descending order of length, since of two that match the longer wins.
    let specialTokens: [SpecialToken]
    private let byteOfID: [Int32: UInt8]

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

    init(idOfByte: [Int32], endOfTextID: Int32, paddingID: Int32, specialTokens: [(id: Int32, content: String)]) {
        self.idOfByte = idOfByte
        self.endOfTextID = endOfTextID
        self.paddingID = paddingID
        self.specialTokens = specialTokens.map { SpecialToken(id: $0.id, bytes: Array($0.content.utf8)) }
            .sorted { $0.bytes.count > $1.bytes.count }
        byteOfID = Dictionary(uniqueKeysWithValues: zip(idOfByte, UInt8.min...UInt8.max))
        vocabularySize = Int((idOfByte + specialTokens.map(\.id)).reduce(0, max)) + 1
    }

    public func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] {
        guard parsingSpecialTokens else { return text.utf8.map { idOfByte[Int($0)] } }
        var ids: [Int32] = []
        var rest = Array(text.utf8)[...]
        while let first = rest.first {
            if let special = specialTokens.first(where: { rest.starts(with: $0.bytes) }) {
                ids.append(special.id)
                rest = rest.dropFirst(special.bytes.count)
            } else {
                ids.append(idOfByte[Int(first)])
                rest = rest.dropFirst()
            }
        }
        return ids
    }

    public func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] {
        if let byte = byteOfID[id] { return [byte] }
        guard keepingSpecialTokens, let special = specialTokens.first(where: { $0.id == id }) else { return [] }
        return special.bytes
    }
}
