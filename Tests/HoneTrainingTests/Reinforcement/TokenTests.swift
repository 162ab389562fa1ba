import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct ReinforcementTokenTests {
    @Test(arguments: Golden.Precision.allCases)
    func `T1: log-probabilities and entropies at a temperature agree with PyTorch`(precision: Golden.Precision) throws {
        let golden = try Golden("distribution", precision)
        for quantity in ["log_probs", "entropies"] {
            let logits = try golden.leaf("logits")
            let distribution = TokenDistribution(logits_NV: logits, targets_N: try golden["targets"], temperature: 0.7)
            let computed = quantity == "log_probs" ? distribution.logProbs_N : distribution.entropies_N
            try golden.expect(computed, equals: quantity)
            (computed * (try golden.input("w"))).sum().backward()
            try golden.expect(logits.grad, equals: "grad.\(quantity)")
        }
    }

    @Test func `T16: responses end at their first stop token, or at their length without one`() throws {
        let golden = try Golden("truncation", .float64)
        let tokens = try golden["tokens"]
        let mask = ActionMask(
            tokens_BT: tokens, lengths: try golden["lengths"].toArray(Int.self), stopTokens: [2, 3])
        #expect(mask.lengths_B.equals(try golden["kept"]))
        #expect(mask.padded(tokens, padToken: 0).equals(try golden["padded"]))
        #expect((tokens .== 1).firstTrue().equals(try golden["first_one"]))
    }

    @Test func `T24: a response that was cut off counts to its length and its padding does not count`() {
        // The last row's padding is the stop token itself, as where a tokenizer has one token for both.
        let tokens = Tensor([[5, 5, 5, 5], [5, 5, 2, 2], [5, 5, 2, 2]])
        let mask = ActionMask(tokens_BT: tokens, lengths: [4, 4, 2], stopTokens: [2])
        #expect(mask.lengths_B.toArray(Int.self) == [4, 3, 2])
        #expect(mask.mask_BT.sum(dim: 1).toArray(Int.self) == [4, 3, 2])
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T25: a score lands on the stop token, and one place behind it on request`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("placement", precision)
        let mask = ActionMask(lengths: [6, 3, 5, 1], width: 6, dtype: precision.dtype)
        let penalties = KLEstimator.k1.estimate(try golden.input("lp"), try golden.input("rlp")) * mask.mask_BT * 0.05
        for (placement, name) in [(RewardPlacement.lastToken, "last"), (.tokenAfterLast, "after")] {
            let rewards = placement.rewards(
                scores_B: try golden.input("scores"), lengths_B: mask.lengths_B, penalties_BT: penalties)
            try golden.expect(rewards, equals: name)
        }
    }
}
