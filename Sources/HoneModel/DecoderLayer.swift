import HoneTensor

// Shape suffixes: N tokens of all sequences, P places among them, C hidden size.

/// What is the same for all layers of one pass.
struct ForwardPass {
    /// Tokens of every sequence in the line.
    let lengths: [Int]
    /// Angles of positions, as many as the longest sequence has.
    let rotary: RotaryTables
    /// Where earlier tokens are, if there are any.
    var cache: KVCache.Rows?
    var dropout: Dropout?
}

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
    /// Of a hierarchical layer.
    var blocks: BlockBranches?

    func visit(_ visitor: ParameterVisitor) {
        let rows = [("q", headCount), ("k", kvHeadCount), ("v", kvHeadCount)].map { ($0, $1 * headSize) }
        for (kind, tensor) in [("weight", qkv.weight), ("bias", qkv.bias)] {
            visitor.fused(
                "qkv_proj.\(kind)", tensor,
                pieces: rows.map { NamedParameter.Piece("\($0)_proj.\(kind)", rowCount: $1) })
        }
        visitor.module("o_proj", output)
        headNorms?.visit(visitor)
        blocks?.visit(visitor)
    }

    /// What every token takes over from those that it looks at, before the output projection: normalized `[N, C]` to
    /// `[N, heads · size]`.
    func mix(_ x_NC: Tensor, _ pass: ForwardPass, layer: Int) -> Tensor {
        var projected = qkv(x_NC)
        if let headNorms { projected = headNorms(projected, headCount: headCount, kvHeadCount: kvHeadCount) }
        var whole: AttentionCache?
        switch pass.cache?.layer(layer) {
        case .windowed(let cache)?: return windowed(projected, x_NC, pass, cache)
        case nil where blocks != nil: return windowed(projected, x_NC, pass, nil)
        case .whole(let cache)?: whole = cache
        case nil: break
        }
        return projected.selfAttention(
            lengths: pass.lengths, cos: pass.rotary.cos, sin: pass.rotary.sin, headCount: headCount,
            kvHeadCount: kvHeadCount, window: kind.window, cache: whole)
    }

    /// A layer whose tokens keep no more than a window, and summaries.
    private func windowed(_ projected: Tensor, _ x_NC: Tensor, _ pass: ForwardPass, _ cache: WindowCache?) -> Tensor {
        guard let window = kind.window else { preconditionFailure("a window's cache in a layer that has none") }
        let continues = cache?.pastCounts.contains { $0 > 0 } ?? false
        let summaries = blocks.map { blocks in
            if continues {
                return BlockSummaries(
                    gates: blocks.gate(x_NC), blockSize: blocks.block, selectedCount: blocks.selected)
            }
            return blocks.summaries(
                of: projected, x_NC, lengths: pass.lengths, headCount: headCount, kvHeadCount: kvHeadCount)
        }
        let mixed = projected.windowedAttention(
            lengths: pass.lengths, cos: pass.rotary.cos, sin: pass.rotary.sin, headCount: headCount,
            kvHeadCount: kvHeadCount, window: window, summaries: summaries, cache: cache)
        if continues, let cache { blocks?.close(cache, rotary: pass.rotary) }
        return mixed
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

    func callAsFunction(_ x_NC: Tensor) -> Tensor {
        down(gateUp(x_NC).swiGLU())
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

    /// Adds to every token, or goes on with the places that are asked for alone: only those are computed further than
    /// others look at them.
    func callAsFunction(
        _ stream: ResidualStream, _ pass: ForwardPass, layer: Int, at places_P: Tensor? = nil
    ) -> ResidualStream {
        let (x_NC, normalized_NC) = stream.normalized(by: inputNorm)
        var (mixed_PC, x_PC) = (attention.mix(normalized_NC, pass, layer: layer), x_NC)
        if let places_P {
            mixed_PC = mixed_PC.rows(at: places_P)
            x_PC = x_NC.rows(at: places_P)
        }
        let (y_PC, ready_PC) = postNorm(x_PC, adding: attention.output(mixed_PC).thinned(by: pass.dropout))
        return ResidualStream(x_NC: y_PC, change_NC: feedForward(ready_PC).thinned(by: pass.dropout))
    }
}

/// What passes from layer to layer, `[N, C]`: the last change is added where the sum is normalized, in one pass.
struct ResidualStream {
    let x_NC: Tensor
    /// Nil before the first layer.
    var change_NC: Tensor?

    var sum_NC: Tensor { change_NC.map { x_NC + $0 } ?? x_NC }

    func normalized(by norm: RMSNorm) -> (sum: Tensor, normalized: Tensor) {
        guard let change_NC else { return (x_NC, norm(x_NC)) }
        return norm(x_NC, adding: change_NC)
    }
}
