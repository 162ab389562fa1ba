import Foundation
import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct ReinforcementDivergenceTests {
    @Test(arguments: Golden.Precision.allCases, KLEstimator.allCases)
    func `T2: k1, k2 and k3 agree with PyTorch, with bounds and without, and so does the loss term's gradient`(
        precision: Golden.Precision, estimator: KLEstimator
    ) throws {
        let golden = try Golden("divergence", precision)
        for (name, scale, limits) in [("plain", 1.0, KLLimits.none), ("wide", 15, .usual)] {
            let logProbs = (try golden.input("lp") * scale).detach().requiringGrad()
            let reference = try golden.input("rlp") * scale
            let quantity = "\(name).\(estimator.rawValue)"
            try golden.expect(estimator.estimate(logProbs, reference, limits: limits), equals: quantity)
            let term = estimator.lossTerm(logProbs, reference, limits: limits)
            try golden.expect(term, equals: quantity)
            term.sum().backward()
            try golden.expect(logProbs.grad, equals: "grad.\(quantity)")
        }
    }

    /// A distribution over three tokens and its exact divergence from a reference.
    private func exactDivergence(_ logits: [Double], _ reference: [Double]) -> Double {
        func logSoftmax(_ z: [Double]) -> [Double] {
            let normalizer = log(z.map { exp($0) }.reduce(0, +))
            return z.map { $0 - normalizer }
        }
        let (p, q) = (logSoftmax(logits), logSoftmax(reference))
        return zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }

    @Test(arguments: KLEstimator.allCases)
    func `T38: the loss term's expected gradient is that of the exact divergence by finite differences`(
        estimator: KLEstimator
    ) {
        let (policy, reference) = ([0.3, -1.1, 0.8], [-0.2, 0.5, 0.1])
        let logits = Tensor(policy).requiringGrad()
        let logProbs = logits.logSoftmax(dim: -1)
        let weights = logProbs.detach().exp()
        (estimator.lossTerm(logProbs, Tensor(reference).logSoftmax(dim: -1)) * weights).sum().backward()
        let computed = logits.grad?.toArray(Double.self) ?? []
        for i in 0..<3 {
            var (above, below) = (policy, policy)
            above[i] += 1e-5
            below[i] -= 1e-5
            let slope = (exactDivergence(above, reference) - exactDivergence(below, reference)) / 2e-5
            #expect(abs(computed[i] - slope) < 1e-8, "\(estimator.rawValue), token \(i)")
        }
    }

    @Test func `T12: the adaptive weight follows the published rule and survives JSON midway`() throws {
        let golden = try Golden("controller", .float64)
        var controller = KLController(coefficient: 0.15, target: .init(divergence: 6, horizon: 10000))
        var trace: [Double] = []
        for divergence in try golden["divergences"].toArray(Double.self) {
            controller.update(divergence: divergence, responseCount: 512)
            controller = try JSONDecoder().decode(KLController.self, from: JSONEncoder().encode(controller))
            trace.append(controller.coefficient)
        }
        try golden.expect(Tensor(trace), equals: "trace")
        var fixed = KLController(coefficient: 0.05)
        fixed.update(divergence: 100, responseCount: 512)
        #expect(fixed.coefficient == 0.05)
    }
}
