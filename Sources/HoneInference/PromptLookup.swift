/// Drafts the next tokens by what followed the same tokens before: answers repeat pieces of their prompts (Saxena,
/// "Prompt lookup decoding", 2023). The engine has the model verify a draft in one step.
///
/// The index grows with the tokens, a constant cost for each; a draft is a function of the tokens alone.
struct PromptLookup {
    private struct Key: Hashable {
        var tokens: (Int32, Int32, Int32)
        let count: Int

        static func == (a: Key, b: Key) -> Bool { a.count == b.count && a.tokens == b.tokens }

        func hash(into hasher: inout Hasher) {
            hasher.combine(tokens.0)
            hasher.combine(tokens.1)
            hasher.combine(tokens.2)
            hasher.combine(count)
        }
    }

    private(set) var tokens: [Int32] = []
    /// Where the newest run of these tokens that something follows ends.
    private var ends: [Key: Int] = [:]

    private static let longest = 3

    init(_ tokens: some Sequence<Int32>) {
        for token in tokens { append(token) }
    }

    mutating func append(_ token: Int32) {
        for count in 1...Self.longest {
            if let key = suffix(count) { ends[key] = tokens.count }
        }
        tokens.append(token)
    }

    /// At most so many tokens that may come next: those behind the newest earlier place where the longest suffix of
    /// three, two or one tokens has stood; none where it has not.
    func draft(_ count: Int) -> ArraySlice<Int32> {
        for length in (1...Self.longest).reversed() {
            guard let key = suffix(length), let end = ends[key] else { continue }
            return tokens[end..<min(tokens.count, end + count)]
        }
        return []
    }

    private func suffix(_ count: Int) -> Key? {
        guard tokens.count >= count else { return nil }
        let last = tokens.suffix(count)
        func token(_ index: Int) -> Int32 { index < count ? last[last.startIndex + index] : -1 }
        return Key(tokens: (token(0), token(1), token(2)), count: count)
    }
}
