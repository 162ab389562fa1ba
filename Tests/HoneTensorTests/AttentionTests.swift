import HoneTensor
import Testing

/// The attention kernel against the same function from libtorch's operators in fp64, and against itself.
@Suite(.serialized) struct AttentionTests {
    private let random = Generator(seed: 7)

    private struct Shape {
        var lengths: [Int]
        var heads = 4
        var kvHeads = 2
        var size = 8

        var tokenCount: Int { lengths.reduce(0, +) }
        var width: Int { (heads + 2 * kvHeads) * size }
    }

    private func normal(_ shape: Int...) -> Tensor { Tensor.randn(shape, generator: random) }

    private func attend(_ qkv: Tensor, _ shape: Shape, _ angles: Tensor, cache: AttentionCache? = nil) -> Tensor {
        qkv.selfAttention(
            lengths: shape.lengths, cos: angles.cos(), sin: angles.sin(), headCount: shape.heads,
            kvHeadCount: shape.kvHeads, cache: cache)
    }

    @Test(arguments: [
        ([1], 2, 2, 4), ([3, 11, 1, 40], 4, 2, 8), ([17, 16, 33], 3, 1, 32), ([70, 5], 2, 2, 48), ([9], 6, 3, 6),
    ])
    func `attention and its gradients agree with libtorch's in double precision`(
        lengths: [Int], heads: Int, kvHeads: Int, size: Int
    ) {
        let shape = Shape(lengths: lengths, heads: heads, kvHeads: kvHeads, size: size)
        let qkv = normal(shape.tokenCount, shape.width) * 2
        let angles = normal(80, size / 2)
        func run(_ type: DType) -> [Tensor] {
            let leaf = qkv.to(type).detach().clone().requiringGrad()
            let out = attend(leaf, shape, angles.to(type))
            (out * Tensor.arange(out.count, dtype: type).cos().view(out.shape)).sum().backward()
            return [out.detach(), leaf.grad ?? Tensor.zeros([0])].map { $0.to(.float64) }
        }
        for (i, (ours, theirs)) in zip(run(.float32), run(.float64)).enumerated() {
            let scale: Double = max(1, theirs.abs().max().item())
            #expect((ours - theirs).abs().max().item() < 1e-5 * scale, "tensor \(i)")
        }
    }

    @Test func `a sequence has the same bits alone as among others, and so do its gradients`() {
        let shape = Shape(lengths: [5, 1, 23, 16])
        let (qkv, angles) = (normal(shape.tokenCount, shape.width), normal(32, shape.size / 2))
        func run(_ qkv: Tensor, _ shape: Shape) -> [Tensor] {
            let leaf = qkv.clone().requiringGrad()
            let out = attend(leaf, shape, angles)
            out.pow(2).sum().backward()
            return [out.detach(), leaf.grad ?? Tensor.zeros([0])]
        }
        let together = run(qkv, shape)
        var start = 0
        for length in shape.lengths {
            let alone = run(qkv.narrow(0, start: start, length: length), Shape(lengths: [length]))
            for (one, all) in zip(alone, together) {
                #expect(one.equals(all.narrow(0, start: start, length: length)), "\(length) tokens")
            }
            start += length
        }
    }

    @Test func `tokens have the same bits one by one behind a cache as all at once`() {
        let shape = Shape(lengths: [21, 21, 21])
        let (qkv, angles) = (normal(shape.tokenCount, shape.width), normal(32, shape.size / 2))
        let cache = [[4, shape.kvHeads, shape.size, 32], [4, shape.kvHeads, 32, shape.size]].map {
            Tensor.full($0, Double.nan)
        }
        noGrad {
            let whole_STC = attend(qkv, shape, angles).view(3, 21, -1)
            let tokens_STC = qkv.view(3, 21, -1)
            // A first piece of 6 tokens, then single ones.
            var past = 0
            for count in [6] + [Int](repeating: 1, count: 15) {
                let piece = tokens_STC.narrow(1, start: past, length: count).reshape(3 * count, shape.width)
                let out = attend(
                    piece, Shape(lengths: [count, count, count]), angles,
                    cache: AttentionCache(
                        keys: cache[0], values: cache[1], firstRow: 1, pastCounts: [past, past, past]))
                #expect(
                    out.view(3, count, -1).equals(whole_STC.narrow(1, start: past, length: count)), "after \(past)")
                past += count
            }
        }
    }

    @Test func `attention has the same bits with any number of threads`() {
        let shape = Shape(lengths: (1...40).map { $0 }, heads: 4, kvHeads: 4, size: 32)
        let (qkv, angles) = (normal(shape.tokenCount, shape.width), normal(64, shape.size / 2))
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        let runs = [1, 2].map { count in
            Threads.set(intraOp: count)
            let leaf = qkv.clone().requiringGrad()
            attend(leaf, shape, angles).pow(2).sum().backward()
            return leaf.grad ?? Tensor.zeros([0])
        }
        #expect(runs[0].equals(runs[1]))
    }

    @Test func `what is no number stays none`() {
        let shape = Shape(lengths: [5])
        let (qkv, angles) = (normal(5, shape.width), normal(8, shape.size / 2))
        qkv[2, 0] = Tensor.full([], Double.nan)
        let out = noGrad { attend(qkv, shape, angles) }
        #expect(out[2, 0].item().isNaN && !out[1].sum().item().isNaN)
    }
}
