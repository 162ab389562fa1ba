extension BytePairTokenizer {
    /// The tokens of a conversation as `template` lays it out, up to where the model goes on.
    ///
    /// The special tokens of the template are tokens; the same texts in what people wrote are text like any other, so
    /// that nobody can end his turn and speak as somebody else. For all other conversations the ids are those of
    /// transformers.
    public func encode(_ messages: [ChatMessage], with template: ChatTemplate) throws(TemplateError) -> [Int32] {
        let plain = messages.map { ChatMessage(role: shielded($0.role), content: shielded($0.content)) }
        return encode(try template.text(of: plain), parsingSpecialTokens: true)
    }

    /// A scalar that is no character and never will be: set into a special token's text it keeps it from being found,
    /// and is taken out before anything else is done.
    static let shield = Array("\u{10FFFF}".utf8)

    private func shielded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return String(
            decoding: [rawTokens, normalizedTokens].reduce(bytes) { $1.shielding($0, with: Self.shield) }, as: UTF8.self
        )
    }
}
