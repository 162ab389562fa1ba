import HoneTensor
import Testing

@testable import HoneInference

@Suite struct SamplerTests {
    private let logits: [Float] = [1.5, -0.5, 0.7, 2.0, -3.0, 0.0]

    /// Draws one token for each of many seeds, in one call.
    private func draws(_ parameters: SamplingParameters, count: Int) -> [Int] {
        let draws = (0..<count).map { number in
            var row = parameters
            row.seed = UInt64(number)
            return row.draw(ordinal: 3, after: [])
        }
        return Tensor(logits).expand(count, logits.count).contiguous().pickTokens(draws).map { Int($0.token) }
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
        let picked = logits_BV.pickTokens(rows.map { $0.draw(ordinal: 0, after: []) })
        #expect(picked.map(\.token) == [3, 3, 3])
        let expected = Tensor(logits).logSoftmax(dim: 0)[3].item(Float.self)
        #expect(picked.allSatisfy { abs($0.logProb - expected) < 1e-6 && $0.drawnLogProb == 0 })
    }

    @Test func minPKeepsTokensByTheLikeliestOnesProbability() {
        let shares = probabilities(temperature: 1)
        let tokens = draws(SamplingParameters(temperature: 1, minP: shares[2] / shares[3] - 1e-6), count: 2000)
        #expect(Set(tokens) == [0, 2, 3])
    }

    @Test func drawsFromALargeVocabularyFollowTheSoftmax() {
        let large = (0..<1000).map { Float($0 % 7 == 0 ? $0 % 5 : -20) }
        let draws = (0..<4000).map { SamplingParameters(temperature: 1, seed: UInt64($0)).draw(ordinal: 0, after: []) }
        let picked = Tensor(large).expand(4000, 1000).contiguous().pickTokens(draws)
        let shares = Tensor(large).softmax(dim: 0).toArray(Double.self)
        var (counts, expected) = ([Double](repeating: 0, count: 5), [Double](repeating: 0, count: 5))
        for pick in picked { counts[Int(pick.token) % 5] += 1 }
        for (token, share) in shares.enumerated() { expected[token % 5] += share * 4000 }
        // 99.9 % quantile with 4 degrees of freedom.
        #expect(zip(counts, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / $1.1 } < 18.5)
        #expect(picked.allSatisfy { abs($0.logProb - $0.drawnLogProb) < 1e-5 })
    }

    @Test func penaltiesAndBiasChangeThePickAndNotTheLogProbability() {
        var parameters = SamplingParameters.greedy
        func pick(after tokens: [Int32]) -> TokenPick {
            Tensor(logits, shape: [1, logits.count]).pickTokens([parameters.draw(ordinal: 0, after: tokens)])[0]
        }
        let expected = Tensor(logits).logSoftmax(dim: 0)
        parameters.presencePenalty = 0.6
        #expect(pick(after: [3]).token == 0 && pick(after: [3, 3, 0]).token == 3)
        parameters.frequencyPenalty = 0.3
        #expect(pick(after: [3, 3, 0]).token == 3 && pick(after: [3, 3, 3, 0, 2]).token == 0)
        parameters = .greedy
        parameters.repetitionPenalty = 2
        #expect(pick(after: [3]).token == 0 && pick(after: [3, 0]).token == 3)
        parameters = .greedy
        parameters.logitBias = [4: 10]
        let biased = pick(after: [])
        #expect(biased.token == 4 && abs(biased.logProb - expected[4].item(Float.self)) < 1e-6)
    }

    @Test func theUniformNumbersStayAboveZeroAndSpread() {
        let numbers = (0..<10_000).map { SamplingParameters.uniform(seed: 7, ordinal: $0) }
        #expect(numbers.allSatisfy { $0 > 0 && $0 <= 1 })
        let mean = numbers.reduce(0, +) / Float(numbers.count)
        #expect(abs(mean - 0.5) < 0.01)
        #expect(SamplingParameters.uniform(seed: 8, ordinal: 0) != SamplingParameters.uniform(seed: 7, ordinal: 0))
    }
}
