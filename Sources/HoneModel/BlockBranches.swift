import HoneTensor

// Shape suffixes: N tokens, C hidden size, R rows of blocks and heads, D head size.

/// The global branches of a hierarchical layer: how blocks are summed up, and how much each branch counts
/// (Yuan et al. 2025, "Native Sparse Attention", arXiv:2502.11089, section 3.3).
///
/// A block's summary is a linear map of its tokens' keys one behind the other, and one of its values: each place in the
/// block has a matrix of its own, which stands for the learned function with a position of the place in equation 7.
/// Keys are summed up before they are turned, and the summary is turned by the position of the block's last token, so
/// that queries see how far away it is. Gates are linear in the token's hidden state, one a head and a branch, as
/// sigmoids (equation 5); they differ from that paper's in having no hidden layer.
struct BlockBranches: Module {
    /// `[D, block · D]`
    let keys: Linear
    /// `[D, block · D]`
    let values: Linear
    /// `[branches · heads, C]` with a bias: of the window, the summaries, and the selected blocks if there are any.
    let gate: Linear
    let block: Int
    let selected: Int

    func visit(_ visitor: ParameterVisitor) {
        visitor.module("k_compress", keys)
        visitor.module("v_compress", values)
        visitor.module("branch_gate", gate)
    }

    /// Lets every summary begin as the mean of its block, with what is in the matrices for noise, and all gates
    /// half open.
    func startAsMean() {
        let size = keys.weight.size(0)
        let mean = Tensor.cat([Tensor](repeating: Tensor.eye(size) / block, count: block), dim: 1)
        noGrad {
            for linear in [keys, values] { linear.weight.copyInPlace(linear.weight + mean) }
            gate.weight.multiplyInPlace(0)
        }
    }

    /// What a line of whole sequences sees: its blocks' summaries, and gates for the normalized `[N, C]`.
    func summaries(of projected: Tensor, _ x_NC: Tensor, lengths: [Int], headCount: Int, kvHeadCount: Int)
        -> BlockSummaries
    {
        let rows_RD = projected.blockRows(
            lengths: lengths, headCount: headCount, kvHeadCount: kvHeadCount, blockSize: block)
        return BlockSummaries(
            keys: keys(rows_RD.keys), values: values(rows_RD.values), gates: gate(x_NC), blockSize: block,
            selectedCount: selected)
    }

    /// Sums up the blocks that one more token of every sequence completed.
    func close(_ cache: WindowCache, rotary: RotaryTables) {
        guard let blocks = cache.blocks else { return }
        let full = cache.pastCounts.indices.filter { (cache.pastCounts[$0] + 1).isMultiple(of: block) }
        if full.isEmpty { return }
        let rows = full.map { cache.firstRow + $0 }
        let places = Tensor(rows, device: blocks.open.keys.device)
        func rows_RD(_ open: Tensor) -> Tensor {
            open.indexSelect(0, places).reshape(rows.count * open.size(1), open.size(2) * open.size(3))
        }
        cache.keep(
            keys: keys(rows_RD(blocks.open.keys)), values: values(rows_RD(blocks.open.values)), rows: rows,
            blocks: full.map { cache.pastCounts[$0] / block }, blockSize: block, cos: rotary.cos, sin: rotary.sin)
    }
}

extension ModelConfiguration {
    /// Whether a layer sees summaries of blocks: such a model is computed layer by layer, on the CPU.
    public var hasHierarchicalLayers: Bool {
        attention.contains { kind in
            if case .hierarchical = kind { true } else { false }
        }
    }

    /// What a hierarchical layer has beside its projections.
    func blockBranches(ofLayer layer: Int, linear: (Int, Int, Bool) -> Linear) -> BlockBranches? {
        guard case .hierarchical(_, let block, let selected) = attentionKind(ofLayer: layer) else { return nil }
        return BlockBranches(
            keys: linear(block * headSize, headSize, false), values: linear(block * headSize, headSize, false),
            gate: linear(hiddenSize, branchCount(selected) * headCount, true), block: block, selected: selected)
    }

    /// Name and shape of every tensor of a hierarchical layer that others do not have.
    func blockBranchShapes(ofLayer layer: Int) -> [(name: String, shape: [Int])] {
        guard case .hierarchical(_, let block, let selected) = attentionKind(ofLayer: layer) else { return [] }
        let gates = branchCount(selected) * headCount
        return [
            ("self_attn.k_compress.weight", [headSize, block * headSize]),
            ("self_attn.v_compress.weight", [headSize, block * headSize]),
            ("self_attn.branch_gate.weight", [gates, hiddenSize]), ("self_attn.branch_gate.bias", [gates]),
        ]
    }

    private func branchCount(_ selected: Int) -> Int { selected > 0 ? 3 : 2 }
}
