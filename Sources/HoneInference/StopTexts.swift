import HoneTokenizer

/// Watches a row's text for the first of its stop texts.
struct StopTexts {
    private let texts: [String]
    /// So many last tokens hold any stop text that the newest token completes: a token is at least one byte.
    private let windowTokenCount: Int

    init(_ texts: [String]) {
        self.texts = texts.filter { !$0.isEmpty }
        windowTokenCount = (self.texts.map(\.utf8.count).max() ?? 0) + 4
    }

    /// Whether the newest token completed a stop text.
    func areReached(by tokens: [Int32], _ tokenizer: any Tokenizer) -> Bool {
        if texts.isEmpty { return false }
        let window = tokenizer.decode(tokens.suffix(windowTokenCount))
        return texts.contains { window.contains($0) }
    }

    /// The text before the first stop text.
    func cut(_ text: String) -> String {
        let ends = texts.compactMap { text.firstRange(of: $0)?.lowerBound }
        return ends.min().map { String(text[..<$0]) } ?? text
    }
}
