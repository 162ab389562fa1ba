import HoneTensor
import Testing

@testable import HoneTraining

/// A policy over two tokens of three, whose second depends on the first.
@Suite struct ReinforcementPolicyGradientTests {
    private let first = [0.4, -0.3, 0.1]
    private let second = [0.2, 0.9, -0.5, -0.7, 0.3, 0.8, 0.0, -0.2, 0.6]
    /// Reward of the answer (a, b) at 3a + b.
    private let rewards = [1.0, -0.5, 0.3, 0.0, 2.0, -1.0, 0.7, 0.1, -0.2]

    private struct Policy {
        let first_V: Tensor
        let second_VV: Tensor

        /// Log-probabilities of both tokens of the answers at `answers_B`, `[B, 2]`.
        func logProbs(_ answers_B: Tensor) -> Tensor {
            let a_B = answers_B.toArray(Int.self).map { $0 / 3 }
            let firsts_B = first_V.logSoftmax(dim: -1).indexSelect(0, Tensor(a_B))
            let seconds_B = second_VV.logSoftmax(dim: -1).flatten().indexSelect(0, answers_B)
            return Tensor.stack([firsts_B, seconds_B], dim: 1)
        }

        var gradient: [Double] {
            (first_V.grad?.toArray(Double.self) ?? []) + (second_VV.grad?.toArray(Double.self) ?? [])
        }
    }

    private func policy() -> Policy {
        Policy(
            first_V: Tensor(first).requiringGrad(), second_VV: Tensor(second, shape: [3, 3]).requiringGrad())
    }

    /// The gradient of the expected reward, and the variance of one answer's estimate of it.
    private func exact() -> (gradient: [Double], variance: [Double], probabilities: [Double]) {
        let all = Tensor(Array(0..<9))
        let whole = policy()
        let probabilities_B = whole.logProbs(all).sum(dim: 1).exp()
        (probabilities_B * Tensor(rewards)).sum().backward()
        let probabilities = probabilities_B.toArray(Double.self)
        var squares = [Double](repeating: 0, count: 12)
        for answer in 0..<9 {
            let single = policy()
            (single.logProbs(Tensor([answer])).sum() * rewards[answer]).backward()
            for (i, value) in single.gradient.enumerated() { squares[i] += probabilities[answer] * value * value }
        }
        let gradient = whole.gradient
        return (gradient, zip(squares, gradient).map { $0 - $1 * $1 }, probabilities)
    }

    @Test(arguments: [PolicyLoss.Kind.reinforce, .ppoClip])
    func `T39: the policy gradient of 100 000 samples is that of exact enumeration within three standard errors`(
        kind: PolicyLoss.Kind
    ) {
        let (expected, variance, probabilities) = exact()
        let count = 100_000
        let answers_B = Tensor(probabilities).unsqueeze(0).multinomial(
            count, replacement: true, generator: Generator(seed: 11)
        ).squeeze(0)
        let sampled = policy()
        let logProbs_BT = sampled.logProbs(answers_B)
        let mask_BT = Tensor.ones([count, 2], dtype: .float64)
        let advantages_BT = Tensor(rewards).indexSelect(0, answers_B).unsqueeze(1) * mask_BT
        let terms = PolicyLoss(kind: kind).terms(
            logProbs_BT: logProbs_BT, old_BT: logProbs_BT.detach(), advantages_BT: advantages_BT, mask_BT: mask_BT)
        let totals = LossAggregation.Totals(mask_BT: mask_BT, maximumLength: 2)
        let weights_BT = LossAggregation.sequenceMeanTokenSum.weights(mask_BT: mask_BT, of: totals)
        (terms.loss_BT * weights_BT).sum().backward()
        for (i, (estimate, exact)) in zip(sampled.gradient, expected).enumerated() {
            let error = (variance[i] / Double(count)).squareRoot()
            #expect(abs(-estimate - exact) < 3 * error, "component \(i): \(-estimate), exactly \(exact)")
        }
    }
}
