/// Logits of the rows that a step read. Those of a device stay there until the network's next step: only what is picked
/// from them, or asked for, comes over.
public struct StepLogits {
    private let source: Source

    private enum Source {
        case here(Tensor)
        case there(PackedNetwork)
    }

    /// Logits `[read, vocabulary]`, float32 on the CPU.
    public init(_ logits: Tensor) { source = .here(logits) }

    init(of network: PackedNetwork) { source = .there(network) }

    /// Picks a token from each of `rows`, which may be named more than once. A pick depends on its row's logits and its
    /// draw alone.
    public func pickTokens(of rows: [Int], _ draws: [TokenDraw]) -> [TokenPick] {
        switch source {
        case .here(let logits):
            let read = rows == Array(0..<logits.size(0)) ? logits : logits.indexSelect(0, Tensor(rows))
            return read.pickTokens(draws)
        case .there(let network):
            let (drawn, likeliest) = rows.indices.reduce(into: ([Int](), [Int]())) { parts, index in
                if draws[index].isLikeliest { parts.1.append(index) } else { parts.0.append(index) }
            }
            var picks = [TokenPick?](repeating: nil, count: rows.count)
            if !likeliest.isEmpty {
                let found = network.likeliest(ofRead: likeliest.map { Int32(rows[$0]) })
                for (index, pick) in zip(likeliest, found) { picks[index] = pick }
            }
            if !drawn.isEmpty {
                let found = network.logits(ofRead: drawn.map { Int32(rows[$0]) }).pickTokens(drawn.map { draws[$0] })
                for (index, pick) in zip(drawn, found) { picks[index] = pick }
            }
            return picks.compactMap(\.self)
        }
    }
}

extension TokenDraw {
    /// Whether the likeliest token of the logits as they are is picked.
    fileprivate var isLikeliest: Bool { temperature == 0 && adjustments.isEmpty && mask == nil }
}
