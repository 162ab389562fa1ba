import HoneTensor
import Testing

/// What logits say about tokens, by our own kernel and put together from libtorch's operators in twice the precision.
@Suite struct DistributionTests {
    private let random = Generator(seed: 6)

    private func logits(_ rows: Int, _ size: Int, scale: Double) -> Tensor {
        Tensor.randn([rows, size], generator: random) * scale
    }

    @Test(arguments: [(7, 258, 1.0), (5, 16, 0.7), (3, 15, 1.3), (4, 1, 1.0), (40, 1000, 2.0)])
    func `likelihoods and their gradients agree`(rows: Int, size: Int, temperature: Double) {
        for scale in [1.0, 40] {
            let source = logits(rows, size, scale: scale)
            let targets = Tensor((0..<rows).map { ($0 * 7919) % size })
            let run = { (dtype: DType) -> [Tensor] in
                let leaf = source.to(dtype).detach().requiringGrad()
                let found = leaf.likelihoods(of: targets, temperature: temperature)
                let weights = Tensor.arange(rows, dtype: dtype).cos()
                (found.logProbs * weights + found.entropies * weights * 0.3).sum().backward()
                return [found.logProbs.detach(), found.normalizers.detach(), found.entropies.detach()]
                    + [leaf.grad ?? Tensor.zeros([0])]
            }
            for (ours, theirs) in zip(run(.float32), run(.float64)) {
                let bound: Double = 1e-5 * max(1, theirs.abs().max().item())
                #expect((ours.to(.float64) - theirs).abs().max().item() < bound, "\(rows)x\(size), \(scale)")
            }
        }
    }

    @Test func `what is no number stays none`() {
        var values = [Float](repeating: 1, count: 40)
        values[33] = .nan
        let found = Tensor(values, shape: [2, 20]).likelihoods(of: Tensor([0, 0]))
        #expect(found.logProbs[0].item().isFinite)
        #expect(found.logProbs[1].item().isNaN)
    }
}
