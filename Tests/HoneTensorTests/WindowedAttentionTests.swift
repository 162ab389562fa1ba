import HoneTensor
import Testing

/// Sliding and hierarchical attention against their definition in double precision
/// (`Tests/Oracles/attention_fixtures.py`), and against themselves.
@Suite(.serialized) struct WindowedAttentionTests {
    /// A line, its layer's numbers, and what is made of them.
    private struct Case {
        var lengths: [Int]
        let heads, kvHeads, size, window, block, selected: Int
        var qkv: Tensor
        var gates: Tensor?
        let compress: [Tensor]
        let angles: Tensor

        init(_ tensors: [String: Tensor]) throws {
            func tensor(_ name: String) throws -> Tensor { try #require(tensors[name]) }
            lengths = try tensor("lengths").toArray(Int.self)
            let shape = try tensor("shape").toArray(Int.self)
            (heads, kvHeads, size) = (shape[0], shape[1], shape[2])
            (window, block, selected) = (shape[3], shape[4], shape[5])
            qkv = try tensor("qkv")
            gates = tensors["gates"]
            compress = try block > 0 ? ["k_compress", "v_compress"].map(tensor) : []
            angles = Case.angles(size: size)
        }

        /// Random numbers in a shape of their own.
        init(_ lengths: [Int], window: Int, block: Int, selected: Int) {
            self.lengths = lengths
            (heads, kvHeads, size) = (4, 2, 8)
            (self.window, self.block, self.selected) = (window, block, selected)
            let random = Generator(seed: 11)
            let count = lengths.reduce(0, +)
            qkv = Tensor.randn([count, 64], generator: random)
            gates = block > 0 ? Tensor.randn([count, selected > 0 ? 12 : 8], generator: random) : nil
            compress = block > 0 ? (0..<2).map { _ in Tensor.randn([8, block * 8], generator: random) } : []
            angles = Case.angles(size: size)
        }

        private static func angles(size: Int) -> Tensor {
            let exponents = Tensor.arange(0, size, step: 2, dtype: .float64) / size
            let positions = Tensor.arange(128, dtype: .float64).unsqueeze(1)
            return (positions / Tensor.pow(100, exponents)).to(.float32)
        }

        func attend(cache: WindowCache? = nil) -> Tensor {
            var summaries: BlockSummaries?
            if let gates, block > 0 {
                let continues = cache?.pastCounts.contains { $0 > 0 } ?? false
                let rows = qkv.blockRows(lengths: lengths, headCount: heads, kvHeadCount: kvHeads, blockSize: block)
                summaries = BlockSummaries(
                    keys: continues ? nil : rows.keys.linear(compress[0]),
                    values: continues ? nil : rows.values.linear(compress[1]), gates: gates, blockSize: block,
                    selectedCount: selected)
            }
            return qkv.windowedAttention(
                lengths: lengths, cos: angles.cos(), sin: angles.sin(), headCount: heads, kvHeadCount: kvHeads,
                window: window, summaries: summaries, cache: cache)
        }

        /// Some of the tokens, as sequences of `lengths`.
        func part(from start: Int, _ lengths: [Int]) -> Case {
            var part = self
            part.lengths = lengths
            part.qkv = qkv.narrow(0, start: start, length: lengths.reduce(0, +))
            part.gates = gates?.narrow(0, start: start, length: lengths.reduce(0, +))
            return part
        }

        /// The result and the gradients of the projections and the gates.
        func differentiated() -> [Tensor] {
            var own = self
            own.qkv = qkv.clone().requiringGrad()
            own.gates = gates?.clone().requiringGrad()
            let out = own.attend()
            out.pow(2).sum().backward()
            return [out.detach()] + [own.qkv, own.gates].compactMap { $0?.grad }
        }
    }

    private static let kinds = [(7, 0, 0), (16, 4, 0), (8, 8, 0), (32, 8, 0), (10, 3, 0), (12, 4, 2)]

    @Test(arguments: ["sliding", "hierarchical", "whole_window", "ragged", "selected"])
    func `attention and its gradients are those of its definition in double precision`(name: String) throws {
        let expected = try attentionFixture(name)
        let given = try Case(expected)
        given.qkv.requiresGrad = true
        given.gates?.requiresGrad = true
        for weight in given.compress { weight.requiresGrad = true }
        let out = given.attend()
        (out * (try #require(expected["upstream"]))).sum().backward()
        var found = ["out": out.detach(), "gradient.qkv": given.qkv.grad, "gradient.gates": given.gates?.grad]
        if given.block > 0 {
            found["gradient.k_compress"] = given.compress[0].grad
            found["gradient.v_compress"] = given.compress[1].grad
        }
        for (name, tensor) in found {
            guard let theirs = expected[name] else { continue }
            let ours = try #require(tensor, "\(name)")
            let scale: Double = max(1, theirs.abs().max().item())
            #expect((ours - theirs).abs().max().item() < 1e-5 * scale, "\(name)")
        }
    }

    @Test(arguments: kinds)
    func `a sequence has the same bits alone as among others, and so do its gradients`(
        window: Int, block: Int, selected: Int
    ) {
        let lengths = [5, 1, 90, 33, 16]
        let whole = Case(lengths, window: window, block: block, selected: selected)
        let together = whole.differentiated()
        var start = 0
        for length in lengths {
            for (one, all) in zip(whole.part(from: start, [length]).differentiated(), together) {
                #expect(agree(one, all.narrow(0, start: start, length: length)), "\(length) tokens")
            }
            start += length
        }
    }

    /// Bit for bit where the products that make summaries promise it, too.
    private func agree(_ a: Tensor, _ b: Tensor) -> Bool {
        Torch.computesTokensAlike ? a.equals(b) : (a - b).abs().max().item() < 1e-5
    }

    @Test(arguments: kinds)
    func `attention has the same bits with any number of threads`(window: Int, block: Int, selected: Int) {
        let given = Case([70, 3, 99, 41, 64], window: window, block: block, selected: selected)
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        let runs = [1, 2].map { count in
            Threads.set(intraOp: count)
            return given.differentiated()
        }
        for (one, two) in zip(runs[0], runs[1]) { #expect(agree(one, two)) }
    }

    @Test func `a window that holds everything is full attention, bit for bit`() {
        let given = Case([40, 7], window: 40, block: 0, selected: 0)
        let full = given.qkv.selfAttention(
            lengths: given.lengths, cos: given.angles.cos(), sin: given.angles.sin(), headCount: given.heads,
            kvHeadCount: given.kvHeads)
        #expect(given.attend().equals(full))
    }

    @Test func `what is no number stays none, and hidden from those that do not see it`() {
        let given = Case([60], window: 16, block: 4, selected: 0)
        given.qkv[10, 0] = Tensor.full([], Double.nan)
        let out = noGrad { given.attend() }
        #expect(out[10, 0].item().isNaN && !out[9].sum().item().isNaN && !out[50].sum().item().isNaN)
    }
}
