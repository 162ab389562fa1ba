internal import CTorch

/// What tokens see beyond their window: summaries of blocks, and the gates that say how much each branch counts.
public struct BlockSummaries {
    /// Keys of complete blocks, not turned, `[blocks · kvHeads, size]`, sequence by sequence; nil where they are in a
    /// cache.
    public let keys: Tensor?
    /// Values, as `keys`.
    public let values: Tensor?
    /// `[N, branches · heads]`, branch by branch: window, summaries, and selected blocks if there are any; a branch
    /// is multiplied by the gate's sigmoid.
    public let gates: Tensor
    /// Tokens of a block.
    public let blockSize: Int
    /// Blocks of which each token sees the tokens themselves.
    public let selectedCount: Int

    public init(keys: Tensor? = nil, values: Tensor? = nil, gates: Tensor, blockSize: Int, selectedCount: Int = 0) {
        self.keys = keys
        self.values = values
        self.gates = gates
        self.blockSize = blockSize
        self.selectedCount = selectedCount
    }
}

/// What windowed attention keeps of earlier tokens.
public struct WindowCache {
    /// The window's keys and values, position p at place p mod ring: `[rows, kvHeads, size, ring]` and
    /// `[rows, kvHeads, ring, size]`, the ring being the window in whole multiples of ``AttentionCache/tokenMultiple``.
    public let ring: Pair
    public let blocks: Blocks?
    /// The row of the first sequence; the others follow.
    public let firstRow: Int
    /// How many tokens every sequence has already: none of any, or at least one of each.
    public let pastCounts: [Int]

    /// Keys and values.
    public struct Pair {
        public let keys: Tensor
        public let values: Tensor

        public init(keys: Tensor, values: Tensor) {
            self.keys = keys
            self.values = values
        }
    }

    /// What is kept for summaries.
    public struct Blocks {
        /// Of the block that is not complete, not turned: `[rows, kvHeads, block, size]`.
        public let open: Pair
        /// Summaries: `[rows, kvHeads, size, blocks]` and `[rows, kvHeads, blocks, size]`, blocks being a multiple of
        /// ``AttentionCache/tokenMultiple``.
        public let complete: Pair
        /// All tokens, where blocks are selected: `[rows, kvHeads, tokens, size]`.
        public let tokens: Pair?

        public init(open: Pair, complete: Pair, tokens: Pair?) {
            self.open = open
            self.complete = complete
            self.tokens = tokens
        }
    }

    public init(ring: Pair, blocks: Blocks?, firstRow: Int, pastCounts: [Int]) {
        self.ring = ring
        self.blocks = blocks
        self.firstRow = firstRow
        self.pastCounts = pastCounts
    }

    /// Adds summaries of blocks that single tokens completed.
    ///
    /// - Parameters:
    ///   - keys: not turned, `[rows · kvHeads, size]`
    ///   - values: as `keys`
    ///   - rows: of the cache
    ///   - blocks: the number of each row's block
    ///   - blockSize: tokens of a block
    ///   - cos: cosines of the angles of positions from 0 on, `[positions, size / 2]`
    ///   - sin: sines, as `cos`
    public func keep(
        keys: Tensor, values: Tensor, rows: [Int], blocks: [Int], blockSize: Int, cos: Tensor, sin: Tensor
    ) {
        var store = unsafe handles
        let (rows, blocks) = (rows.map(Int64.init), blocks.map(Int64.init))
        let isKept = unsafe ctorch_keep_summaries(
            keys.handle, values.handle, cos.handle, sin.handle, rows, blocks, Int64(rows.count), Int64(blockSize),
            &store)
        if !isKept { stop("keepSummaries: \(Torch.lastError)") }
    }

    fileprivate var handles: ctorch_window_cache {
        unsafe ctorch_window_cache(
            ring_keys: ring.keys.handle, ring_values: ring.values.handle, open_keys: blocks?.open.keys.handle,
            open_values: blocks?.open.values.handle, block_keys: blocks?.complete.keys.handle,
            block_values: blocks?.complete.values.handle, token_keys: blocks?.tokens?.keys.handle,
            token_values: blocks?.tokens?.values.handle, first_row: Int64(firstRow))
    }
}

extension Tensor {
    /// Causal self-attention, as `selfAttention`, in which a token sees itself and the `window` - 1 tokens before it
    /// (Beltagy et al. 2020, arXiv:2004.05150, section 3.1).
    ///
    /// With summaries there is a second branch, in which a token sees those of all blocks that begin before its
    /// window; their keys are turned by the angle of their block's last token. With selected blocks there is a third,
    /// in which it sees the tokens of those blocks whose summaries the heads of its group give most to. The result is
    /// the sum of the branches, each multiplied by the sigmoid of its gate (Yuan et al. 2025, "Native Sparse
    /// Attention", arXiv:2502.11089, equations 5, 7, 8 and 10 to 12). A branch that sees nothing gives zero.
    ///
    /// It is one kernel, for `.float32` on the CPU, whose time grows as N · (window + N / block + selected · block) and
    /// whose memory as N. A token's result has the same bits whatever sequences are beside its own, and the same with a
    /// cache as without.
    ///
    /// - Parameters:
    ///   - lengths: tokens of every sequence; together N. With a cache they are whole sequences, or single tokens
    ///   - cos: cosines of the angles of positions from 0 on, `[positions, size / 2]`
    ///   - sin: sines, as `cos`
    ///   - headCount: heads of queries, which come first
    ///   - kvHeadCount: heads of keys, and of values, each serving `headCount / kvHeadCount` heads of queries
    ///   - window: tokens that a token sees, itself among them
    ///   - summaries: of blocks no longer than the window; nil is the window alone
    ///   - cache: earlier tokens, which those of the line join there; nothing is differentiated through it
    /// - Returns: `[N, heads · size]`, from self `[N, (heads + 2 · kvHeads) · size]`
    public func windowedAttention(
        lengths: [Int], cos: Tensor, sin: Tensor, headCount: Int, kvHeadCount: Int, window: Int,
        summaries: BlockSummaries? = nil, cache: WindowCache? = nil
    ) -> Tensor {
        let (counts, pasts) = (lengths.map(Int64.init), cache?.pastCounts.map(Int64.init))
        func call(
            _ given: UnsafePointer<ctorch_summaries>?, _ store: UnsafePointer<ctorch_window_cache>?
        ) -> Tensor {
            unsafe Tensor(
                kernel: "windowedAttention",
                ctorch_windowed_attention(
                    handle, cos.handle, sin.handle, counts, pasts, Int64(counts.count), Int64(headCount),
                    Int64(kvHeadCount), Int64(window), given, store))
        }
        func call(_ given: UnsafePointer<ctorch_summaries>?) -> Tensor {
            guard let cache else { return unsafe call(given, nil) }
            return unsafe withUnsafePointer(to: cache.handles) { unsafe call(given, $0) }
        }
        guard let summaries else { return call(nil) }
        let given = unsafe ctorch_summaries(
            keys: summaries.keys?.handle, values: summaries.values?.handle, gates: summaries.gates.handle,
            block: Int64(summaries.blockSize), selected: Int64(summaries.selectedCount))
        return unsafe withUnsafePointer(to: given) { unsafe call($0) }
    }

    /// The keys and the values of all complete blocks of `blockSize` tokens in sequences of `lengths`, each
    /// `[blocks · kvHeads, blockSize · size]`, from the joint projection `[N, (heads + 2 · kvHeads) · size]`.
    public func blockRows(
        lengths: [Int], headCount: Int, kvHeadCount: Int, blockSize: Int
    ) -> (keys: Tensor, values: Tensor) {
        let counts = lengths.map(Int64.init)
        var results: [ctorch_tensor?] = unsafe [nil, nil]
        let isDone = unsafe ctorch_block_rows(
            handle, counts, Int64(counts.count), Int64(headCount), Int64(kvHeadCount), Int64(blockSize), &results)
        guard isDone else { stop("blockRows: \(Torch.lastError)") }
        return unsafe (Tensor(kernel: "blockRows", results[0]), Tensor(kernel: "blockRows", results[1]))
    }
}
