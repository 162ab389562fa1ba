/// How tokens become text again.
struct TokenDecoding: Sendable {
    /// The bytes of every token by its id; empty where an id is not given.
    private let bytesOfID: [[UInt8]]
    /// Tokens that stand for one byte of a character that the vocabulary lacks.
    private let byteTokens: Set<Int32>
    private let specialTokens: Set<Int32>
    /// Spaces at the start of a text that are not the text's.
    private let strippedSpaceCount: Int

    init(bytesOfID: [[UInt8]], byteTokens: Set<Int32>, specialTokens: Set<Int32>, strippedSpaceCount: Int) {
        self.bytesOfID = bytesOfID
        self.byteTokens = byteTokens
        self.specialTokens = specialTokens
        self.strippedSpaceCount = strippedSpaceCount
    }

    var vocabularySize: Int { bytesOfID.count }

    func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] {
        isLeftOut(id, keepingSpecialTokens) ? [] : bytesOfID[Int(id)]
    }

    private func isLeftOut(_ id: Int32, _ keepingSpecialTokens: Bool) -> Bool {
        !bytesOfID.indices.contains(Int(id)) || !keepingSpecialTokens && specialTokens.contains(id)
    }

    func text(of ids: some Sequence<Int32>, keepingSpecialTokens: Bool) -> String {
        var bytes: [UInt8] = []
        var run: [UInt8] = []
        func endRun() {
            bytes += String(validating: run, as: UTF8.self) != nil ? run : run.flatMap { _ in Self.replacement }
            run = []
        }
        for id in ids where !isLeftOut(id, keepingSpecialTokens) {
            let own = bytesOfID[Int(id)]
            if byteTokens.contains(id) {
                run += own
            } else {
                endRun()
                bytes += own
            }
        }
        endRun()
        let spaceCount = bytes.prefix(strippedSpaceCount).prefix { $0 == UInt8(ascii: " ") }.count
        return String(decoding: bytes.dropFirst(spaceCount), as: UTF8.self)
    }

    private static let replacement: [UInt8] = Array("\u{FFFD}".utf8)
}
