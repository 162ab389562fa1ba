import HoneTensor

// Shape suffixes: B batch, T tokens, C hidden size, H query heads, K key and value heads, D head size, S cached tokens,
// I intermediate size.

/// Self-attention with grouped queries (Ainslie et al. 2023, arXiv:2305.13245).
struct Attention: Module {
    /// The query, key and value projections as one matrix, saved as three.
    var qkv: Linear
    var output: Linear
    let headCount: Int
    let kvHeadCount: Int
    let headSize: Int
    /// Norms of every head's queries and keys, where the model has them.
    let headNorms: HeadNorms?
    let kind: AttentionKind

    func visit(_ visitor: ParameterVisitor) {
        let rows = [("q", headCount), ("k", kvHeadCount), ("v", kvHeadCount)].map { ($0, $1 * headSize) }
        for (kind, tensor) in [("weight", qkv.weight), ("bias", qkv.bias)] {
            visitor.fused(
                "qkv_proj.\(kind)", tensor,
                pieces: rows.map { NamedParameter.Piece("\($0)_proj.\(kind)", rowCount: $1) })
        }
        visitor.module("o_proj", output)
        headNorms?.visit(visitor)
    }

    /// - Parameters:
    ///   - x_BTC: normalized input
    ///   - rotary: angles of the tokens' positions
    ///   - cache: where keys and values go, and what decoding looks back at
    /// - Returns: `[B, T, C]`
    func callAsFunction(_ x_BTC: Tensor, rotary: RotaryTables, cache: KVCache.Layer?) -> Tensor {
        let (b, t) = (x_BTC.size(0), x_BTC.size(1))
        let (q_BHTD, k_BKTD, v_BKTD) = projected(x_BTC).rotarySplit(
            cos: rotary.cos, sin: rotary.sin, headCount: headCount, kvHeadCount: kvHeadCount)
        cache?.store(k_BKTD, v_BKTD)
        if let cache, cache.isDecoding { return output(attend(q_BHTD, to: cache)) }
        let mask_TT = kind.mask(tokenCount: t, device: x_BTC.device)
        let mixed_BHTD = Tensor.scaledDotProductAttention(
            q_BHTD, k_BKTD, v_BKTD, mask: mask_TT, isCausal: mask_TT == nil, groupedQueries: headCount != kvHeadCount)
        return output(mixed_BHTD.transpose(1, 2).reshape(b, t, headCount * headSize))
    }

    private func projected(_ x_BTC: Tensor) -> Tensor {
        let qkv = qkv(x_BTC)
        return headNorms?(qkv, headCount: headCount, kvHeadCount: kvHeadCount) ?? qkv
    }

    /// One new token per row looks at the row's cached tokens. The queries that share a key's head stand side by side,
    /// as if they were tokens, so that keys and values need no copies.
    private func attend(_ q_BH1D: Tensor, to cache: KVCache.Layer) -> Tensor {
        let b = q_BH1D.size(0)
        let q_BKGD = q_BH1D.reshape(b, kvHeadCount, headCount / kvHeadCount, headSize)
        let mixed_BKGD = Tensor.scaledDotProductAttention(
            q_BKGD, cache.keys_BKSD, cache.values_BKSD, mask: cache.mask_B11S(kind))
        return mixed_BKGD.reshape(b, 1, headCount * headSize)
    }
}

/// The gated feed-forward block, SwiGLU (Shazeer 2020, arXiv:2002.05202, equation 6).
struct FeedForward: Module {
    /// The gate's and the up projection as one matrix, saved as two.
    var gateUp: Linear
    var down: Linear

    func visit(_ visitor: ParameterVisitor) {
        let size = gateUp.weight.size(0) / 2
        for (kind, tensor) in [("weight", gateUp.weight), ("bias", gateUp.bias)] {
            visitor.fused(
                "gate_up_proj.\(kind)", tensor,
                pieces: [.init("gate_proj.\(kind)", rowCount: size), .init("up_proj.\(kind)", rowCount: size)])
        }
        visitor.module("down_proj", down)
    }

    func callAsFunction(_ x_BTC: Tensor) -> Tensor {
        down(gateUp(x_BTC).swiGLU())
    }
}

/// Attention and feed-forward, each behind a norm and beside a residual connection.
struct DecoderLayer: Module {
    let inputNorm: RMSNorm
    var attention: Attention
    let postNorm: RMSNorm
    var feedForward: FeedForward

    func visit(_ visitor: ParameterVisitor) {
        visitor.module("input_layernorm", inputNorm)
        visitor.module("self_attn", attention)
        visitor.module("post_attention_layernorm", postNorm)
        visitor.module("mlp", feedForward)
    }

    func callAsFunction(
        _ x_BTC: Tensor, rotary: RotaryTables, cache: KVCache.Layer?, dropout: Dropout?
    ) -> Tensor {
        let mixed_BTC = x_BTC + attention(inputNorm(x_BTC), rotary: rotary, cache: cache).thinned(by: dropout)
        return mixed_BTC + feedForward(postNorm(mixed_BTC)).thinned(by: dropout)
    }
}
