/// Text to token ids and back.
public protocol Tokenizer: Sendable {
    /// One more than the largest id.
    var vocabularySize: Int { get }
    /// The token after which generation stops.
    var endOfTextID: Int32 { get }
    /// The token that fills a batch; never the end of text.
    var paddingID: Int32 { get }
    /// The tokens that a text which stands alone begins with, and those that it ends with.
    var prefixTokens: [Int32] { get }
    var suffixTokens: [Int32] { get }

    /// The ids of `text`, without any token added to it.
    ///
    /// Where `parsingSpecialTokens` is true, the text of a special token becomes that token, as in Hugging Face's
    /// tokenizers; otherwise it is text like any other, which is what text from users should be.
    func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32]

    /// The bytes that `id` stands for: none for a special token (unless `keepingSpecialTokens`) or an unknown id.
    func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8]

    /// The text of `ids`, with U+FFFD for each piece that is no UTF-8.
    func decode(_ ids: some Sequence<Int32>, keepingSpecialTokens: Bool) -> String
}

extension Tokenizer {
    public var prefixTokens: [Int32] { [] }
    public var suffixTokens: [Int32] { [] }

    public func encode(_ text: String) -> [Int32] { encode(text, parsingSpecialTokens: false) }

    public func decode(_ ids: some Sequence<Int32>) -> String { decode(ids, keepingSpecialTokens: false) }

    public func decode(_ ids: some Sequence<Int32>, keepingSpecialTokens: Bool) -> String {
        String(decoding: ids.flatMap { bytes(of: $0, keepingSpecialTokens: keepingSpecialTokens) }, as: UTF8.self)
    }
}
