public import HoneTokenizer

/// Watches an answer's tokens for the first of its stop texts, in whole characters as they are completed.
public struct StopWatch: Sendable {
    private let tokenizer: any Tokenizer
    private var texts: StopTexts
    private var decoder: StreamingDecoder
    private var isEmpty = true

    public init(_ texts: [String], _ tokenizer: any Tokenizer) {
        self.texts = StopTexts(texts)
        self.tokenizer = tokenizer
        decoder = StreamingDecoder(tokenizer: tokenizer)
    }

    /// Takes the answer's next token.
    ///
    /// - Returns: whether a stop text has come, with it or before
    public mutating func append(_ token: Int32) -> Bool {
        guard !texts.isEmpty else { return false }
        let text = decoder.append(token)[...]
        // The first token may lose a space that it begins with.
        let losesSpace = isEmpty && text.hasPrefix(" ") && !tokenizer.decode([token]).hasPrefix(" ")
        isEmpty = false
        texts.append((losesSpace ? text.dropFirst() : text).utf8)
        return texts.areReached
    }

    /// The text before the first stop text, or with it where it is wanted.
    public func cut(_ text: String, includingStop: Bool = false) -> String {
        texts.cut(text, includingStop: includingStop)
    }
}
