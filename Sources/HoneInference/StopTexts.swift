public import HoneTokenizer

/// Watches a row's text for the first of its stop texts.
public struct StopTexts: Sendable {
    private let texts: [String]
    /// So many last tokens hold any stop text that the newest token completes: a token is at least one byte.
    private let windowTokenCount: Int

    public init(_ texts: [String]) {
        self.texts = texts.filter { !$0.isEmpty }
        windowTokenCount = (self.texts.map(\.utf8.count).max() ?? 0) + 4
    }

    /// Whether one of the newest tokens completed a stop text.
    public func areReached(by tokens: [Int32], newCount: Int = 1, _ tokenizer: any Tokenizer) -> Bool {
        if texts.isEmpty { return false }
        let window = tokenizer.decode(tokens.suffix(windowTokenCount + newCount - 1))
        return texts.contains { window.contains($0) }
    }

    /// The text before the first stop text.
    public func cut(_ text: String) -> String {
        let ends = texts.compactMap { text.firstRange(of: $0)?.lowerBound }
        return ends.min().map { String(text[..<$0]) } ?? text
    }
}
