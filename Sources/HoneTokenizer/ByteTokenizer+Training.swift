extension ByteTokenizer {
    /// Learns a vocabulary from texts: bytes, the two special tokens, and the pairs that occur most often, one after
    /// another, until there are `vocabularySize` tokens or no pair occurs twice.
    ///
    /// Pairs that occur equally often are taken by their ids, so the same texts give the same tokenizer.
    public static func trained(on texts: some Sequence<String>, vocabularySize: Int) -> ByteTokenizer {
        let bytes = ByteTokenizer()
        var counts: [Substring: Int] = [:]
        for text in texts {
            for word in WordSplitter.words(in: text) { counts[word, default: 0] += 1 }
        }
        var learner = PairLearner(
            counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { (bytes.encode(String($0.key)), $0.value) })
        var merges: [BytePairMerges.Merge] = []
        for id in Int32(bytes.vocabularySize)..<Int32(max(vocabularySize, bytes.vocabularySize)) {
            guard let pair = learner.mostFrequentPair else { break }
            merges.append(BytePairMerges.Merge(pair: pair, id: id))
            learner.merge(pair, into: id)
        }
        return ByteTokenizer(
            idOfByte: bytes.idOfByte, endOfTextID: bytes.endOfTextID, paddingID: bytes.paddingID,
            specialTokens: bytes.specialTokens.map { ($0.id, String(decoding: $0.bytes, as: UTF8.self)) },
            merges: BytePairMerges(merges, partsWords: true))
    }
}

/// The words of a corpus as tokens so far, with how often each pair of neighbours occurs.
private struct PairLearner {
    typealias Pair = BytePairMerges.Pair

    private var words: [(ids: [Int32], count: Int)]
    private var counts: [Pair: Int] = [:]
    /// The words, by position, that hold a pair or held it once.
    private var places: [Pair: Set<Int>] = [:]

    init(_ words: [(ids: [Int32], count: Int)]) {
        self.words = words
        for word in words.indices { count(word, sign: 1) }
    }

    /// Nil where no pair occurs twice.
    var mostFrequentPair: Pair? {
        let best = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return best.flatMap { $0.value > 1 ? $0.key : nil }
    }

    mutating func merge(_ pair: Pair, into id: Int32) {
        for word in places.removeValue(forKey: pair) ?? [] {
            count(word, sign: -1)
            words[word].ids = words[word].ids.replacing(pair, with: id)
            count(word, sign: 1)
        }
    }

    private mutating func count(_ word: Int, sign: Int) {
        let (ids, occurrences) = words[word]
        for (left, right) in zip(ids, ids.dropFirst()) {
            let pair = Pair(left: left, right: right)
            counts[pair, default: 0] += sign * occurrences
            if counts[pair] == 0 { counts[pair] = nil }
            if sign > 0 { places[pair, default: []].insert(word) }
        }
    }
}

private func < (left: (Int, BytePairMerges.Pair), right: (Int, BytePairMerges.Pair)) -> Bool {
    (left.0, left.1.left, left.1.right) < (right.0, right.1.left, right.1.right)
}
