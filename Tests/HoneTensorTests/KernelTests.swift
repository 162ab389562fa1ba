import HoneTensor
import Testing

/// Our own kernels against the same function put together from libtorch's operators.
@Suite(.serialized) struct KernelTests {
    private let random = Generator(seed: 5)

    private func normal(_ shape: Int...) -> Tensor { Tensor.randn(shape, generator: random) }

    /// Runs `ours` and `theirs` on copies of the inputs and compares results and all gradients.
    private func compare(
        _ inputs: [Tensor], _ comment: Comment, ours: ([Tensor]) -> Tensor, theirs: ([Tensor]) -> Tensor
    ) {
        let run = { (function: ([Tensor]) -> Tensor) in
            let leaves = inputs.map { $0.clone().requiringGrad() }
            let result = function(leaves)
            // A loss in which every element counts differently.
            let weights = Tensor.arange(result.count, dtype: .float32).cos().view(result.shape)
            (result * weights).sum().backward()
            return [result.detach()] + leaves.map { $0.grad ?? Tensor.zeros([0]) }
        }
        for (i, (a, b)) in zip(run(ours), run(theirs)).enumerated() {
            #expect(a.shape == b.shape, comment)
            let scale: Double = max(1, b.abs().max().item())
            #expect((a - b).abs().max().item() < 2e-5 * scale, "\(comment), tensor \(i)")
        }
    }

    @Test(arguments: [(64, 24, 61), (129, 192, 576), (300, 512, 96), (77, 33, 65), (5, 16, 8)])
    func `linear and its gradients agree with the matrix product`(rows: Int, inputs: Int, outputs: Int) {
        let x = normal(rows, inputs)
        let weight = normal(outputs, inputs)
        compare([x, weight], "without bias") {
            $0[0].linear($0[1])
        } theirs: {
            $0[0].matmul($0[1].transpose(0, 1))
        }
        compare([x, weight, normal(outputs)], "with bias") {
            $0[0].linear($0[1], bias: $0[2])
        } theirs: {
            $0[0].matmul($0[1].transpose(0, 1)) + $0[2]
        }
    }

    @Test func `a strided input of linear is read in its own order`() {
        let x = normal(70, 3, 40).transpose(0, 1)
        let weight = normal(10, 40)
        compare([x, weight], "strided") {
            $0[0].linear($0[1])
        } theirs: {
            $0[0].matmul($0[1].transpose(0, 1))
        }
    }

    @Test func `a row of linear has the same bits in any batch and with any number of threads`() {
        let x = normal(600, 192)
        let weight = normal(260, 192)
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        noGrad {
            Threads.set(intraOp: 1)
            let whole = x.linear(weight)
            for count in [1, 2, 3, 7, 64, 65, 127, 256, 257, 511] {
                #expect(x[0..<count].linear(weight).equals(whole[0..<count]), "\(count) rows")
            }
            Threads.set(intraOp: 2)
            #expect(x.linear(weight).equals(whole))
        }
    }

    @Test func `gradients have the same bits with any number of threads`() {
        let x = normal(500, 96)
        let weight = normal(160, 96)
        let scale = normal(96)
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        let runs = [1, 2].map { count in
            Threads.set(intraOp: count)
            let leaves = [x, weight, scale].map { $0.clone().requiringGrad() }
            leaves[0].rmsNorm(leaves[2], eps: 1e-5).linear(leaves[1]).swiGLU().pow(2).sum().backward()
            return leaves.compactMap(\.grad)
        }
        for (a, b) in zip(runs[0], runs[1]) { #expect(a.equals(b)) }
    }

    @Test func `linear sees weights that were changed in place`() {
        let x = normal(4, 8)
        let weight = normal(6, 8)
        noGrad {
            let before = x.linear(weight)
            weight.multiplyInPlace(2)
            #expect(x.linear(weight).equals(before * 2))
            weight[0].zeroInPlace()
            #expect(x.linear(weight)[.all, 0].equals(Tensor.zeros([4])))
        }
    }

    @Test func `rmsNorm and its gradients agree with the formula`() {
        for (rows, size) in [(1, 8), (300, 192), (129, 31)] {
            compare([normal(rows, size) * 3, normal(size)], "\(rows)x\(size)") {
                $0[0].rmsNorm($0[1], eps: 1e-5)
            } theirs: {
                $0[0] * (($0[0] * $0[0]).mean(dim: -1, keepDim: true) + 1e-5).rsqrt() * $0[1]
            }
        }
    }

    @Test func `a sum and its norm agree with both one after the other, and so do the gradients`() {
        for (rows, size) in [(1, 8), (300, 192), (129, 31)] {
            let inputs = [normal(rows, size) * 3, normal(rows, size), normal(size)]
            compare(inputs, "\(rows)x\(size)") {
                let (sum, normalized) = $0[0].adding($0[1], rmsNorm: $0[2], eps: 1e-5)
                return Tensor.cat([sum, normalized])
            } theirs: {
                let sum = $0[0] + $0[1]
                return Tensor.cat([sum, sum.rmsNorm($0[2], eps: 1e-5)])
            }
            compare(inputs, "\(rows)x\(size), the norm alone") {
                $0[0].adding($0[1], rmsNorm: $0[2], eps: 1e-5).normalized
            } theirs: {
                ($0[0] + $0[1]).rmsNorm($0[2], eps: 1e-5)
            }
            let (x, change) = (inputs[0], inputs[1])
            let fused = noGrad { x.adding(change, rmsNorm: inputs[2], eps: 1e-5) }
            #expect(fused.sum.equals(x + change))
            #expect(fused.normalized.equals(noGrad { (x + change).rmsNorm(inputs[2], eps: 1e-5) }))
        }
    }

    @Test func `rows are taken at their places, and gradients of one taken twice add up`() {
        let places = Tensor([4, 0, 2, 4])
        compare([normal(6, 19)], "rows") {
            $0[0].rows(at: places)
        } theirs: {
            $0[0].indexSelect(0, places)
        }
    }

    @Test func `swiGLU and its gradients agree with the formula, far from zero too`() {
        for scale in [1.0, 30, 200] {
            compare([normal(70, 2 * 37) * scale], "scale \(scale)") {
                $0[0].swiGLU()
            } theirs: {
                let halves = $0[0].chunk(2, dim: -1)
                return halves[0].silu() * halves[1]
            }
        }
    }
}
