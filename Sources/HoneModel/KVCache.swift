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
    /// Per layer `[rows, kvHeads, tokens, headSize]`.
    private let keys: [Tensor]
    private let values: [Tensor]
    /// The sizes of the layers' sliding windows.
    private let windows: Set<Int>

    public init(_ configuration: ModelConfiguration, rowCapacity: Int, tokenCapacity: Int, device: Device = .cpu) {
        let shape = [rowCapacity, configuration.kvHeadCount, tokenCapacity, configuration.headSize]
        self.rowCapacity = rowCapacity
        self.tokenCapacity = tokenCapacity
        windows = Set(configuration.attention.compactMap(\.window))
        // Zeros, since masked positions are multiplied by zero weights and memory may hold NaN.
        keys = (0..<configuration.layerCount).map { _ in Tensor.zeros(shape, device: device) }
        values = (0..<configuration.layerCount).map { _ in Tensor.zeros(shape, device: device) }
    }

    /// Sequences held.
    public var rowCount: Int { lengths.count }

    /// Forgets a sequence; the last row takes its number.
    public func remove(row: Int) {
        precondition(lengths.indices.contains(row), "row \(row) of \(rowCount)")
        let last = rowCount - 1
        if row != last {
            for tensor in keys + values {
                let length = lengths[last]
                tensor.select(0, row).narrow(1, start: 0, length: length)
                    .copyInPlace(tensor.select(0, last).narrow(1, start: 0, length: length))
            }
            lengths[row] = lengths[last]
        }
        lengths.removeLast()
    }

    /// Overwrites what a sequence left, so that what is no number in it cannot reach those that come to its place.
    public func erase(row: Int) {
        precondition(lengths.indices.contains(row), "row \(row) of \(rowCount)")
        for tensor in keys + values {
            let place = tensor.select(0, row)
            place.copyInPlace(Tensor.zeros(place.shape, device: place.device))
        }
    }

    /// Forgets all sequences.
    public func removeAll() { lengths.removeAll() }
}

// What a forward pass needs.
extension KVCache {
    /// One layer's part of the cache during one forward pass.
    struct Layer {
        let isDecoding: Bool
        fileprivate let keys: Tensor
        fileprivate let values: Tensor
        fileprivate let plan: Plan

        /// Keys of the rows that are decoded, up to the longest.
        var keys_BKSD: Tensor { window(keys) }
        var values_BKSD: Tensor { window(values) }
        /// 0 where a row may look, -inf elsewhere; nil when that is everywhere.
        func mask_B11S(_ kind: AttentionKind) -> Tensor? {
            kind.window.flatMap { plan.windowMasks[$0] } ?? plan.mask_B11S
        }

        /// Stores the first tokens of new rows, or one more token of every row.
        func store(_ k_BKTD: Tensor, _ v_BKTD: Tensor) {
            for (store, new) in [(keys, k_BKTD), (values, v_BKTD)] {
                if let slots = plan.slots {
                    store.flatten(from: 0, through: 2).indexCopyInPlace(
                        0, index: slots, source: new.flatten(from: 0, through: 2))
                } else {
                    store.narrow(0, start: plan.firstRow, length: new.size(0))
                        .narrow(2, start: 0, length: new.size(2)).copyInPlace(new)
                }
            }
        }

        private func window(_ store: Tensor) -> Tensor {
            store.narrow(0, start: 0, length: plan.rowCount).narrow(2, start: 0, length: plan.window)
        }
    }

    /// What is the same for all layers of one forward pass.
    struct Plan {
        var firstRow = 0
        var rowCount = 0
        /// Tokens of the longest row, with the new one.
        var window = 0
        /// Where each row's and head's new token goes, among all places of a layer.
        var slots: Tensor?
        var positions_B: Tensor?
        var mask_B11S: Tensor?
        /// By the size of the sliding window, where it is shorter than a row.
        var windowMasks: [Int: Tensor] = [:]
    }

    func layer(_ index: Int, _ plan: Plan) -> Layer {
        Layer(isDecoding: plan.slots != nil, keys: keys[index], values: values[index], plan: plan)
    }

    /// Makes room for new rows of the given lengths.
    func addRows(_ newLengths: [Int]) -> Plan {
        precondition(
            rowCount + newLengths.count <= rowCapacity, "\(rowCount) + \(newLengths.count) of \(rowCapacity) rows")
        let plan = Plan(firstRow: rowCount, rowCount: newLengths.count)
        lengths += newLengths
        return plan
    }

    /// Makes room for one more token of every row.
    func addTokens() -> Plan {
        let window = (lengths.max() ?? 0) + 1
        precondition(window <= tokenCapacity, "\(window) tokens in a cache for \(tokenCapacity)")
        let device = keys[0].device
        let positions = Tensor(lengths, device: device)
        let heads = keys[0].size(1)
        let slots = lengths.enumerated().flatMap { row, length in
            (0..<heads).map { (row * heads + $0) * tokenCapacity + length }
        }
        var plan = Plan(
            firstRow: 0, rowCount: rowCount, window: window, slots: Tensor(slots, device: device),
            positions_B: positions)
        if lengths.contains(where: { $0 + 1 != window }) {
            let hidden = Tensor.arange(window, device: device) .> positions.unsqueeze(1)
            plan.mask_B11S = mask(hidden)
        }
        for size in windows where size < window {
            let places = Tensor.arange(window, device: device)
            let last = positions.unsqueeze(1)
            plan.windowMasks[size] = mask((places .> last) .| (places .<= last - size))
        }
        lengths = lengths.map { $0 + 1 }
        return plan
    }

    private func mask(_ hidden_BS: Tensor) -> Tensor {
        let shape = hidden_BS.shape
        return Tensor.zeros(shape, device: hidden_BS.device).maskedFill(hidden_BS, -Double.infinity)
            .view(shape[0], 1, 1, shape[1])
    }
}
