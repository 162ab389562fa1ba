public import HoneTensor

/// Keys and values of the tokens that sequences have so far: rows 0..<`rowCount`, one per sequence, each of its own
/// length.
///
/// Every row's tokens stand at positions 0, 1, … whatever its neighbours' lengths are, so a row's result does not
/// depend on the batch that it is in. Rows stay dense: `prefill` adds rows at the end, and `remove` moves the last
/// row into the hole.
public final class KVCache {
    /// Most sequences at a time.
    public let rowCapacity: Int
    /// Most tokens of one sequence.
    public let tokenCapacity: Int
    /// Tokens of every row.
    public private(set) var lengths: [Int] = []
    private let layers: [LayerStore]

    public init(_ configuration: ModelConfiguration, rowCapacity: Int, tokenCapacity: Int, device: Device = .cpu) {
        self.rowCapacity = rowCapacity
        self.tokenCapacity = tokenCapacity
        layers = (0..<configuration.layerCount).map { index in
            LayerStore(
                configuration.attentionKind(ofLayer: index), configuration, rowCapacity: rowCapacity,
                tokenCapacity: tokenCapacity, device: device)
        }
    }

    /// Sequences held.
    public var rowCount: Int { lengths.count }

    /// Bytes that all rows take, whatever they hold.
    public var byteCount: Int { layers.reduce(0) { $0 + $1.byteCount } }

    /// Forgets a sequence; the last row takes its number.
    public func remove(row: Int) {
        precondition(lengths.indices.contains(row), "row \(row) of \(rowCount)")
        let last = rowCount - 1
        if row != last {
            for layer in layers { layer.copyRow(last, to: row, length: lengths[last]) }
            lengths[row] = lengths[last]
        }
        lengths.removeLast()
    }

    /// Forgets all sequences.
    public func removeAll() { lengths.removeAll() }
}

// What a forward pass needs.
extension KVCache {
    /// The rows that one pass adds tokens to.
    struct Rows {
        fileprivate let cache: KVCache
        fileprivate let firstRow: Int
        let pastCounts: [Int]

        func layer(_ index: Int) -> LayerCache {
            cache.layers[index].rows(from: firstRow, pastCounts: pastCounts)
        }
    }

    /// Makes room for new rows of the given lengths.
    func addRows(_ newLengths: [Int]) -> Rows {
        precondition(
            rowCount + newLengths.count <= rowCapacity, "\(rowCount) + \(newLengths.count) of \(rowCapacity) rows")
        let rows = Rows(
            cache: self, firstRow: rowCount, pastCounts: [Int](repeating: 0, count: newLengths.count))
        lengths += newLengths
        return rows
    }

    /// The rows as if each had so many tokens. Passes over some of the layers can so write tokens behind them that are
    /// not yet sure to stay.
    func rows(holding pastCounts: [Int]) -> Rows {
        precondition(pastCounts.count == rowCount, "\(pastCounts.count) lengths for \(rowCount) rows")
        return Rows(cache: self, firstRow: 0, pastCounts: pastCounts)
    }

    /// Says how many tokens every row has: what stands behind them is as if it had never been read.
    func keep(_ newLengths: [Int]) {
        precondition(newLengths.count == rowCount, "\(newLengths.count) lengths for \(rowCount) rows")
        lengths = newLengths
    }

    /// Makes room for one more token of every row.
    func addTokens() -> Rows {
        let rows = Rows(cache: self, firstRow: 0, pastCounts: lengths)
        lengths = lengths.map { $0 + 1 }
        let longest = lengths.max() ?? 0
        precondition(longest <= tokenCapacity, "\(longest) tokens in a cache for \(tokenCapacity)")
        return rows
    }
}
