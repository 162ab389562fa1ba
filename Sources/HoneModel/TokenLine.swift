public import HoneTensor

/// Sequences of tokens one behind the other, without any filling between them: what a network reads at once.
///
/// Everything but attention works on single tokens, and attention looks only at those before a token in its own
/// sequence. So nothing is computed for filling, and a sequence's results have the same bits whatever stands beside it.
public struct TokenLine {
    /// All tokens as `.int64`, `[N]`.
    public let ids_N: Tensor
    /// Tokens of every sequence, none of them 0.
    public let lengths: [Int]

    public var tokenCount: Int { ids_N.count }

    /// Sequences for a network on `device`.
    public init(_ sequences: [some Collection<Int32>], device: Device = .cpu) {
        self.init(
            ids_N: Tensor(sequences.flatMap { $0.map(Int.init) }, device: device), lengths: sequences.map(\.count))
    }

    /// The rows of `[B, T]` ids.
    public init(rows ids_BT: Tensor) {
        self.init(
            ids_N: ids_BT.flatten(from: 0, through: 1),
            lengths: [Int](repeating: ids_BT.size(1), count: ids_BT.size(0)))
    }

    public init(ids_N: Tensor, lengths: [Int]) {
        precondition(!lengths.contains(0), "sequences of \(lengths) tokens")
        precondition(ids_N.count == lengths.reduce(0, +), "\(ids_N.count) tokens in sequences of \(lengths)")
        self.ids_N = ids_N
        self.lengths = lengths
    }
}
