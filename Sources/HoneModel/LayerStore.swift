import HoneTensor

/// What attention of one layer looks back at.
enum LayerCache {
    case whole(AttentionCache)
    case windowed(WindowCache)
}

/// What a cache keeps for one layer: all tokens, or a window's in a ring and summaries of blocks.
struct LayerStore {
    private enum Kind {
        case whole(Part, Part)
        case windowed(ring: WindowCache.Pair, blocks: WindowCache.Blocks?)
    }

    /// A tensor whose first dimension is rows, and how much of another one a row of some length fills.
    private struct Part {
        let tensor: Tensor
        /// The dimension of a row that grows, and the tokens that one place stands for; nil where all of it counts.
        var growth: (dimension: Int, tokens: Int)?
    }

    private let kind: Kind
    private let parts: [Part]

    init(
        _ attention: AttentionKind, _ configuration: ModelConfiguration, rowCapacity: Int, tokenCapacity: Int,
        device: Device
    ) {
        let (heads, size) = (configuration.kvHeadCount, configuration.headSize)
        func part(_ shape: [Int], _ growth: (dimension: Int, tokens: Int)? = nil) -> Part {
            Part(tensor: Tensor.empty([rowCapacity, heads] + shape, device: device), growth: growth)
        }
        func pair(_ parts: [Part]) -> WindowCache.Pair {
            WindowCache.Pair(keys: parts[0].tensor, values: parts[1].tensor)
        }
        guard let window = Self.ringWindow(of: attention, tokenCapacity: tokenCapacity, device: device) else {
            let room = Self.padded(tokenCapacity)
            parts = [part([size, room], (2, 1)), part([room, size], (1, 1))]
            kind = .whole(parts[0], parts[1])
            return
        }
        let ring = [part([size, Self.padded(window)]), part([Self.padded(window), size])]
        guard case .hierarchical(_, let block, let selected) = attention else {
            parts = ring
            kind = .windowed(ring: pair(ring), blocks: nil)
            return
        }
        let open = [part([block, size]), part([block, size])]
        let room = Self.padded(tokenCapacity / block)
        let complete = [part([size, room], (2, block)), part([room, size], (1, block))]
        let tokens = selected > 0 ? (0..<2).map { _ in part([tokenCapacity, size], (1, 1)) } : []
        parts = ring + open + complete + tokens
        kind = .windowed(
            ring: pair(ring),
            blocks: .init(open: pair(open), complete: pair(complete), tokens: tokens.isEmpty ? nil : pair(tokens)))
    }

    /// The window whose tokens alone are kept, with what goes beyond it; nil where all tokens are.
    private static func ringWindow(of attention: AttentionKind, tokenCapacity: Int, device: Device) -> Int? {
        switch attention {
        case .full: nil
        // Elsewhere it is put together from operators that want all tokens.
        case .sliding(let window): window < tokenCapacity && device == .cpu ? window : nil
        case .hierarchical(let window, _, _): window
        }
    }

    private static func padded(_ count: Int) -> Int {
        let multiple = AttentionCache.tokenMultiple
        return (count + multiple - 1) / multiple * multiple
    }

    var byteCount: Int { parts.reduce(0) { $0 + $1.tensor.count * MemoryLayout<Float>.size } }

    func rows(from firstRow: Int, pastCounts: [Int]) -> LayerCache {
        switch kind {
        case .whole(let keys, let values):
            .whole(
                AttentionCache(
                    keys: keys.tensor, values: values.tensor, firstRow: firstRow, pastCounts: pastCounts))
        case .windowed(let ring, let blocks):
            .windowed(WindowCache(ring: ring, blocks: blocks, firstRow: firstRow, pastCounts: pastCounts))
        }
    }

    /// Copies what a row of `length` tokens holds.
    func copyRow(_ source: Int, to target: Int, length: Int) {
        for part in parts {
            let (from, to) = (part.tensor.select(0, source), part.tensor.select(0, target))
            guard let growth = part.growth else {
                to.copyInPlace(from)
                continue
            }
            let count = length / growth.tokens
            if count == 0 { continue }
            to.narrow(growth.dimension, start: 0, length: count)
                .copyInPlace(from.narrow(growth.dimension, start: 0, length: count))
        }
    }
}

extension ModelConfiguration {
    /// Bytes that a cache keeps of one sequence with room for `tokenCount` tokens, in all layers.
    public func cacheByteCount(tokenCount: Int) -> Int {
        (0..<layerCount).reduce(0) { $0 + cacheByteCount(tokenCount: tokenCount, attentionKind(ofLayer: $1)) }
    }

    private func cacheByteCount(tokenCount: Int, _ kind: AttentionKind) -> Int {
        let places =
            switch kind {
            case .full: tokenCount
            case .sliding(let window): min(window, tokenCount)
            case .hierarchical(let window, let block, let selected):
                window + block + tokenCount / block + (selected > 0 ? tokenCount : 0)
            }
        return 2 * kvHeadCount * headSize * MemoryLayout<Float>.size * places
    }
}
