/// Which neighbouring tokens become one: byte pair encoding (Sennrich et al. 2016, arXiv:1508.07909, algorithm 1).
struct BytePairMerges: Hashable {
    struct Pair: Hashable {
        let left: Int32
        let right: Int32
    }

    struct Merge: Hashable {
        let pair: Pair
        /// The token that the pair becomes.
        let id: Int32
    }

    /// The earliest learnt one first, which is also the one that is made first.
    let merges: [Merge]
    /// Whether text is parted into words before, over whose ends nothing merges.
    let partsWords: Bool
    private let rankOfPair: [Pair: Int]

    static let none = BytePairMerges([], partsWords: false)

    /// Of equal pairs the first counts.
    init(_ merges: [Merge], partsWords: Bool) {
        self.merges = merges
        self.partsWords = partsWords
        rankOfPair = Dictionary(zip(merges.map(\.pair), merges.indices)) { first, _ in first }
    }

    /// Merges the tokens of a word's bytes.
    ///
    /// Each round makes one merge everywhere, so that the time is at most the word's length times the number of merges.
    func apply(to bytes: [Int32]) -> [Int32] {
        var ids = bytes
        while let rank = firstRank(in: ids) { ids = ids.replacing(merges[rank].pair, with: merges[rank].id) }
        return ids
    }

    private func firstRank(in ids: [Int32]) -> Int? {
        zip(ids, ids.dropFirst()).lazy.compactMap { rankOfPair[Pair(left: $0, right: $1)] }.min()
    }
}

extension [Int32] {
    /// Puts `id` in the place of every occurrence of `pair`, from the left.
    func replacing(_ pair: BytePairMerges.Pair, with id: Int32) -> [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(count)
        var index = startIndex
        while index < endIndex {
            if index + 1 < endIndex, self[index] == pair.left, self[index + 1] == pair.right {
                result.append(id)
                index += 2
            } else {
                result.append(self[index])
                index += 1
            }
        }
        return result
    }
}
