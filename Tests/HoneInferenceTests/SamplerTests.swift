import HoneTensor
import Testing

@testable import HoneInference

@Suite struct SamplerTests {
    private let logits: [Float] = [1.5, -0.5, 0.7, 2.0, -3.0, 0.0]

    /// Draws one token for each of many seeds, in one call.
    private func draws(_ parameters: SamplingParameters, count: Int) -> [Int] {
        let rows = (0..<count).map { number in
            var row = parameters
            row.seed = UInt64(number)
            return row
        }
        let logits_BV = Tensor(logits).expand(count, logits.count).contiguous()
        return Sampler(rows, device: .cpu).pick(logits_BV, ordinals: rows.map { _ in 3 }).tokens_B.toArray()
    }

    private func probabilities(temperature: Float) -> [Double] {
        (Tensor(logits) / temperature).softmax(dim: 0).toArray(Double.self)
    }

    /// Pearson's statistic of the counts against expected shares.
    private func chiSquare(_ tokens: [Int], _ shares: [Double]) -> Double {
        shares.enumerated().reduce(0) { sum, item in
            let expected = item.element * Double(tokens.count)
            let difference = Double(tokens.count { $0 == item.offset }) - expected
            return sum + (expected > 0 ? difference * difference / expected : 0)
        }
    }

    @Test(arguments: [0.5, 1.0, 2.0]) func drawsFollowTheSoftmax(temperature: Double) {
        let tokens = draws(SamplingParameters(temperature: temperature), count: 4000)
        // 99.9 % quantile with 5 degrees of freedom.
        #expect(chiSquare(tokens, probabilities(temperature: Float(temperature))) < 20.5)
    }

    @Test func topKDrawsFromTheLikeliestAlone() {
        let tokens = draws(SamplingParameters(temperature: 1, topK: 2), count: 2000)
        let shares = probabilities(temperature: 1)
        let total = shares[0] + shares[3]
        #expect(Set(tokens) == [0, 3])
        #expect(chiSquare(tokens, [shares[0] / total, 0, 0, shares[3] / total, 0, 0]) < 10.8)
    }

    @Test func topPKeepsTheFewestTokensThatReachTheShare() {
        let shares = probabilities(temperature: 1)
        // Tokens 3, 0, 2 in falling order: the first two are short of this share, the third reaches it.
        let share = shares[3] + shares[0] + 0.5 * shares[2]
        #expect(Set(draws(SamplingParameters(temperature: 1, topP: share), count: 2000)) == [0, 2, 3])
        #expect(Set(draws(SamplingParameters(temperature: 1, topP: 1e-6), count: 50)) == [3])
    }

    @Test func greedyAndSampledRowsShareABatch() {
        let rows = [SamplingParameters.greedy, SamplingParameters(temperature: 1, topK: 1), .greedy]
        let logits_BV = Tensor(logits).expand(3, logits.count).contiguous()
        let picked = Sampler(rows, device: .cpu).pick(logits_BV, ordinals: [0, 0, 0])
        #expect(picked.tokens_B.toArray(Int.self) == [3, 3, 3])
        let expected = Tensor(logits).logSoftmax(dim: 0)[3]
        #expect(picked.logProbs_B.allClose(expected.expand(3), rtol: 0, atol: 1e-6))
    }

    @Test func theUniformNumbersStayAboveZeroAndSpread() {
        let numbers = (0..<10_000).map { Sampler.uniform(seed: 7, ordinal: $0) }
        #expect(numbers.allSatisfy { $0 > 0 && $0 <= 1 })
        let mean = numbers.reduce(0, +) / Float(numbers.count)
        #expect(abs(mean - 0.5) < 0.01)
        #expect(Sampler.uniform(seed: 8, ordinal: 0) != Sampler.uniform(seed: 7, ordinal: 0))
    }
}
