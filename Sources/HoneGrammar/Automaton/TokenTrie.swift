public import HoneTokenizer

/// A vocabulary sorted by its tokens' bytes, so that tokens which begin alike are looked at together.
///
/// Nodes stand in the order of a walk that goes down first; what hangs below a node follows it.
public struct TokenTrie: Sendable {
    /// The node's byte, its distance from the root (1 for the first byte), and where what hangs below it ends.
    let bytes: [UInt8]
    let depths: [Int32]
    let ends: [Int32]
    /// The tokens that end in a node are those from its first to the next node's.
    let firstTokens: [Int32]
    let tokens: [Int32]
    let deepest: Int
    /// Of every token; none for those that are not text, and for the tokens that end an answer.
    let bytesOfToken: [[UInt8]]
    let endTokens: [Int32]
    /// Whether a text loses the space that its first token begins with.
    let stripsLeadingSpace: Bool

    var nodeCount: Int { bytes.count }
    var wordCount: Int { (bytesOfToken.count + 63) / 64 }

    /// The model has `vocabularySize` tokens, which may be more than the tokenizer's; an answer is complete after one
    /// of `endTokens`.
    public init(_ tokenizer: any Tokenizer, vocabularySize: Int, endTokens: Set<Int32>) {
        let known = min(vocabularySize, tokenizer.vocabularySize)
        let bytesOfToken = (0..<Int32(vocabularySize)).map { id in
            id < known && !endTokens.contains(id) ? tokenizer.bytes(of: id, keepingSpecialTokens: false) : []
        }
        self.endTokens = endTokens.filter { (0..<Int32(vocabularySize)).contains($0) }.sorted()
        let space = (0..<Int32(known)).first { bytesOfToken[Int($0)] == [UInt8(ascii: " ")] }
        stripsLeadingSpace = space.map { tokenizer.decode([$0]).isEmpty } ?? false
        var build = Build()
        let sorted = bytesOfToken.indices.filter { !bytesOfToken[$0].isEmpty }
            .sorted { bytesOfToken[$0].lexicographicallyPrecedes(bytesOfToken[$1]) }
        for token in sorted { build.add(bytesOfToken[token], token: Int32(token)) }
        build.close(to: 0)
        self.bytesOfToken = bytesOfToken
        (bytes, depths, ends) = (build.bytes, build.depths, build.ends)
        firstTokens = build.firstTokens + [Int32(build.tokens.count)]
        tokens = build.tokens
        deepest = bytesOfToken.map(\.count).max() ?? 0
    }

    private struct Build {
        var (bytes, depths, ends): ([UInt8], [Int32], [Int32]) = ([], [], [])
        var (firstTokens, tokens): ([Int32], [Int32]) = ([], [])
        /// The nodes from the root to the newest one.
        var path: [Int] = []

        mutating func add(_ text: [UInt8], token: Int32) {
            let common = zip(path, text).prefix { bytes[$0.0] == $0.1 }.count
            close(to: common)
            for byte in text[common...] {
                path.append(bytes.count)
                bytes.append(byte)
                depths.append(Int32(path.count))
                ends.append(0)
                firstTokens.append(Int32(tokens.count))
            }
            tokens.append(token)
        }

        mutating func close(to length: Int) {
            while path.count > length, let node = path.popLast() { ends[node] = Int32(bytes.count) }
        }
    }
}
