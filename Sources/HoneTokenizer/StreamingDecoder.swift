/// Text from ids that come one by one; a character appears once all of its bytes are there.
///
/// The pieces, joined, are what ``Tokenizer/decode(_:keepingSpecialTokens:)`` gives for all ids at once.
public struct StreamingDecoder: Sendable {
    private let tokenizer: any Tokenizer
    private var pending: [UInt8] = []

    public init(tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    /// The text that `id` completes; empty in the middle of a character.
    public mutating func append(_ id: Int32) -> String {
        pending += tokenizer.bytes(of: id, keepingSpecialTokens: false)
        let complete = pending.count - Self.unfinishedCount(at: pending)
        defer { pending.removeFirst(complete) }
        return String(decoding: pending[..<complete], as: UTF8.self)
    }

    /// What is left at the end: nothing, or U+FFFD for a character cut short.
    public mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end begin a character that needs more; 0 to 3.
    private static func unfinishedCount(at bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let lead = bytes[bytes.count - count]
            guard lead & 0b1100_0000 != 0b1000_0000 else { continue }
            let length =
                switch lead {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            return count < length ? count : 0
        }
        return 0
    }
}
