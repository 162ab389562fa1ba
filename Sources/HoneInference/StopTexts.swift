/// Watches a row's text, byte by byte as it comes, for the first of its stop texts.
///
/// A stop text is found across the ends of tokens, each byte is looked at once (Knuth, Morris and Pratt, 1977), and no
/// character is cut: in UTF-8 no character begins inside of another.
public struct StopTexts: Sendable {
    private struct Watch {
        let text: [UInt8]
        /// Of every length that has matched, the next shorter that has too.
        let fallbacks: [Int]
        var matchedCount = 0

        init(_ text: [UInt8]) {
            self.text = text
            var fallbacks = [0]
            for index in text.indices.dropFirst() {
                var length = fallbacks[index - 1]
                while length > 0, text[length] != text[index] { length = fallbacks[length - 1] }
                fallbacks.append(text[length] == text[index] ? length + 1 : 0)
            }
            self.fallbacks = fallbacks
        }

        /// Whether the byte completes the text.
        mutating func append(_ byte: UInt8) -> Bool {
            while matchedCount > 0, text[matchedCount] != byte { matchedCount = fallbacks[matchedCount - 1] }
            if text[matchedCount] == byte { matchedCount += 1 }
            guard matchedCount == text.count else { return false }
            matchedCount = fallbacks[matchedCount - 1]
            return true
        }
    }

    private var watches: [Watch]
    /// Whether one of them has come.
    public private(set) var areReached = false

    public init(_ texts: [String]) {
        watches = texts.filter { !$0.isEmpty }.map { Watch(Array($0.utf8)) }
    }

    public var isEmpty: Bool { watches.isEmpty }

    /// Takes the bytes of the newest token.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            for index in watches.indices where watches[index].append(byte) { areReached = true }
        }
    }

    /// The text before the first stop text, or with it where it is wanted.
    public func cut(_ text: String, includingStop: Bool = false) -> String {
        let bytes = Array(text.utf8)
        let ranges = watches.compactMap { bytes.firstRange(of: $0.text) }
        guard let first = ranges.min(by: { ($0.lowerBound, $0.count) < ($1.lowerBound, $1.count) }) else { return text }
        return String(decoding: bytes[..<(includingStop ? first.upperBound : first.lowerBound)], as: UTF8.self)
    }
}
