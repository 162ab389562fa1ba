internal import CTorch

/// Keys and values of earlier tokens, which attention looks back at and adds to.
public struct AttentionCache {
    /// `[rows, kvHeads, size, tokens]`, tokens a multiple of ``tokenMultiple``.
    public let keys: Tensor
    /// `[rows, kvHeads, tokens, size]`
    public let values: Tensor
    /// The row of the first sequence; the others follow.
    public let firstRow: Int
    /// How many tokens every sequence has already.
    public let pastCounts: [Int]

    public static let tokenMultiple = 16

    public init(keys: Tensor, values: Tensor, firstRow: Int, pastCounts: [Int]) {
        self.keys = keys
        self.values = values
        self.firstRow = firstRow
        self.pastCounts = pastCounts
    }
}

extension Tensor {
    /// Causal self-attention of sequences that stand one behind the other, from the joint projection of queries, keys
    /// and values (Vaswani et al. 2017, arXiv:1706.03762, equation 1). Queries and keys are turned by the angles of
    /// their positions (Su et al. 2021, arXiv:2104.09864, equation 34; a head's first half is paired with its second).
    ///
    /// On the CPU in `.float32` it is one kernel. A token's result has the same bits whatever sequences are beside its
    /// own, and the same with a cache as without. Elsewhere, and where a window hides tokens of a cache that keeps them
    /// all, it is put together from libtorch's operators, and that holds to rounding.
    ///
    /// - Parameters:
    ///   - lengths: tokens of every sequence; together N
    ///   - cos: cosines of the angles of positions from 0 on, `[positions, size / 2]`
    ///   - sin: sines, as `cos`
    ///   - headCount: heads of queries, which come first
    ///   - kvHeadCount: heads of keys, and of values, each serving `headCount / kvHeadCount` heads of queries
    ///   - window: a token looks at itself and so many less one before it; nil is all of them
    ///   - cache: tokens before those of the line, which join them there; nothing is differentiated through it
    /// - Returns: `[N, heads · size]`, from self `[N, (heads + 2 · kvHeads) · size]`
    public func selfAttention(
        lengths: [Int], cos: Tensor, sin: Tensor, headCount: Int, kvHeadCount: Int, window: Int? = nil,
        cache: AttentionCache? = nil
    ) -> Tensor {
        // The angles reach as far as the longest sequence.
        let hides = window.map { $0 < cos.size(0) } ?? false
        if let window, hides, hasOwnKernels, cache == nil {
            return windowedAttention(
                lengths: lengths, cos: cos, sin: sin, headCount: headCount, kvHeadCount: kvHeadCount, window: window)
        }
        guard hasOwnKernels, !hides else {
            return composedSelfAttention(lengths, cos: cos, sin: sin, headCount, kvHeadCount, window, cache)
        }
        let (counts, pasts) = (lengths.map(Int64.init), cache?.pastCounts.map(Int64.init))
        guard let cache else {
            return unsafe Tensor(
                kernel: "selfAttention",
                ctorch_self_attention(
                    handle, cos.handle, sin.handle, counts, nil, Int64(counts.count), Int64(headCount),
                    Int64(kvHeadCount), nil))
        }
        var store = unsafe ctorch_attention_cache(
            keys: cache.keys.handle, values: cache.values.handle, first_row: Int64(cache.firstRow))
        return unsafe Tensor(
            kernel: "selfAttention",
            ctorch_self_attention(
                handle, cos.handle, sin.handle, counts, pasts, Int64(counts.count), Int64(headCount),
                Int64(kvHeadCount), &store))
    }

    /// The same from libtorch's operators, sequence by sequence.
    private func composedSelfAttention(
        _ lengths: [Int], cos: Tensor, sin: Tensor, _ headCount: Int, _ kvHeadCount: Int, _ window: Int?,
        _ cache: AttentionCache?
    ) -> Tensor {
        var start = 0
        let parts = lengths.enumerated().map { number, length in
            let past = cache?.pastCounts[number] ?? 0
            let heads_HTD = narrow(0, start: start, length: length)
                .view(length, headCount + 2 * kvHeadCount, -1).transpose(0, 1)
            start += length
            let turned_HTD = heads_HTD.narrow(0, start: 0, length: headCount + kvHeadCount).turned(
                cos: cos.narrow(0, start: past, length: length), sin: sin.narrow(0, start: past, length: length))
            let q_HTD = turned_HTD.narrow(0, start: 0, length: headCount)
            var k_KSD = turned_HTD.narrow(0, start: headCount, length: kvHeadCount)
            var v_KSD = heads_HTD.narrow(0, start: headCount + kvHeadCount, length: kvHeadCount)
            if let cache {
                let keys_KDS = cache.keys.select(0, cache.firstRow + number)
                let values_KSD = cache.values.select(0, cache.firstRow + number)
                keys_KDS.narrow(2, start: past, length: length).copyInPlace(k_KSD.transpose(1, 2))
                values_KSD.narrow(1, start: past, length: length).copyInPlace(v_KSD)
                k_KSD = keys_KDS.narrow(2, start: 0, length: past + length).transpose(1, 2)
                v_KSD = values_KSD.narrow(1, start: 0, length: past + length)
            }
            let places_S = Tensor.arange(past + length, device: device)
            let own_T1 = Tensor.arange(past, past + length, device: device).unsqueeze(1)
            let isBefore_TS = places_S .<= own_T1
            let isSeen_TS = window.map { isBefore_TS .& (places_S .> own_T1 - $0) } ?? isBefore_TS
            let mixed_1HTD = Tensor.scaledDotProductAttention(
                q_HTD.unsqueeze(0), k_KSD.unsqueeze(0), v_KSD.unsqueeze(0), mask: isSeen_TS,
                groupedQueries: headCount != kvHeadCount)
            return mixed_1HTD.squeeze(0).transpose(0, 1).reshape(length, -1)
        }
        return Tensor.cat(parts, dim: 0)
    }

    /// Heads `[H, T, D]` turned by angles `[T, D / 2]`.
    private func turned(cos: Tensor, sin: Tensor) -> Tensor {
        let halves = chunk(2, dim: -1)
        return Tensor.cat([halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin], dim: -1)
    }
}
