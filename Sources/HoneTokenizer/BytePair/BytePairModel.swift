/// Byte pair encoding with the vocabulary and the merges of a `tokenizer.json`.
struct BytePairModel: Sendable {
    /// What a word's first symbols are.
    enum Symbols: Sendable {
        /// Bytes, whose ids are here in their order.
        case bytes([Int32])
        /// Characters; the ids of bytes stand for those that the vocabulary lacks, else the unknown token.
        case characters(idOfByte: [Int32]?, unknown: Int32?, fusesUnknown: Bool)
    }

    /// A pair that becomes one token.
    private struct Merge {
        let rank: UInt32
        let id: Int32
    }

    let start: Symbols
    /// Tokens by their bytes.
    let vocabulary: [[UInt8]: Int32]
    /// Whether a word that is a token is left whole, whatever the merges would make of it.
    let takesWholeWords: Bool
    private var merges: [UInt64: Merge]

    init(
        start: Symbols, vocabulary: [[UInt8]: Int32], takesWholeWords: Bool,
        merges list: [(left: Int32, right: Int32, id: Int32)]
    ) {
        self.start = start
        self.vocabulary = vocabulary
        self.takesWholeWords = takesWholeWords
        merges = Dictionary(minimumCapacity: list.count)
        for (rank, merge) in list.enumerated() {
            merges[Self.key(merge.left, merge.right)] = Merge(rank: UInt32(rank), id: merge.id)
        }
    }

    /// Appends the tokens of one word.
    func encode(_ word: [UInt8], into ids: inout [Int32]) {
        if word.isEmpty { return }
        if takesWholeWords, let id = vocabulary[word] {
            ids.append(id)
            return
        }
        let first = firstSymbols(of: word)
        if first.count < 2 { ids += first } else { merge(first, into: &ids) }
    }

    private func firstSymbols(of word: [UInt8]) -> [Int32] {
        switch start {
        case .bytes(let idOfByte):
            return word.map { idOfByte[Int($0)] }
        case .characters(let idOfByte, let unknown, let fusesUnknown):
            var ids: [Int32] = []
            var endsUnknown = false
            for scalar in String(decoding: word, as: UTF8.self).unicodeScalars {
                let bytes = Array(String(scalar).utf8)
                if let id = vocabulary[bytes] {
                    ids.append(id)
                    endsUnknown = false
                } else if let idOfByte {
                    ids += bytes.map { idOfByte[Int($0)] }
                    endsUnknown = false
                } else if let unknown {
                    if !(endsUnknown && fusesUnknown) { ids.append(unknown) }
                    endsUnknown = true
                }
            }
            return ids
        }
    }

    /// Merges the pair of the least rank, of equals the leftmost, until none is left. A linked list of symbols and a
    /// heap of candidates, so that a text without words takes no longer per character than a word.
    private func merge(_ first: [Int32], into ids: inout [Int32]) {
        var symbols = first
        let count = first.count
        var next = Array(1...count)
        var previous = Array(-1..<count - 1)
        // The merge that begins at each symbol, as the heap should have it; none is the largest rank.
        var ranks = [UInt32](repeating: .max, count: count)
        var heap = MergeHeap()
        func look(at position: Int) {
            let right = next[position]
            guard right < count, let merge = merges[Self.key(symbols[position], symbols[right])] else {
                ranks[position] = .max
                return
            }
            ranks[position] = merge.rank
            heap.push(rank: merge.rank, position: position)
        }
        for position in 0..<count - 1 { look(at: position) }
        while let (rank, position) = heap.pop() {
            guard ranks[position] == rank, let merge = merges[Self.key(symbols[position], symbols[next[position]])]
            else {
                continue
            }
            let right = next[position]
            symbols[position] = merge.id
            ranks[right] = .max
            next[position] = next[right]
            if next[position] < count { previous[next[position]] = position }
            look(at: position)
            if previous[position] >= 0 { look(at: previous[position]) }
        }
        var position = 0
        while position < count {
            ids.append(symbols[position])
            position = next[position]
        }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}

/// Candidates for a merge, the one of the least rank on top, of equals the leftmost.
private struct MergeHeap {
    private var keys: [UInt64] = []

    mutating func push(rank: UInt32, position: Int) {
        keys.append(UInt64(rank) << 32 | UInt64(position))
        var child = keys.count - 1
        while child > 0, keys[child] < keys[(child - 1) / 2] {
            keys.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> (rank: UInt32, position: Int)? {
        guard let top = keys.first else { return nil }
        keys.swapAt(0, keys.count - 1)
        keys.removeLast()
        var parent = 0
        while true {
            var least = 2 * parent + 1
            if least + 1 < keys.count, keys[least + 1] < keys[least] { least += 1 }
            guard least < keys.count, keys[least] < keys[parent] else { break }
            keys.swapAt(parent, least)
            parent = least
        }
        return (UInt32(top >> 32), Int(top & 0xffff_ffff))
    }
}
