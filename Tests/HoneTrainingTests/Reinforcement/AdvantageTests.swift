import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct ReinforcementAdvantageTests {
    @Test(arguments: Golden.Precision.allCases)
    func `T3: generalized advantages agree with PyTorch in three settings, stepping over tokens that do not count`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("gae", precision)
        let (rewards, values, mask) = (try golden.input("rewards"), try golden.input("values"), try golden["mask"])
        for (name, discount, lambda) in [("a", 1.0, 0.95), ("b", 1.0, 1.0), ("c", 0.99, 0.9)] {
            let (advantages, returns) = GeneralizedAdvantage(discount: discount, lambda: lambda).estimate(
                rewards_BT: rewards, values_BT: values, mask_BT: mask)
            try golden.expect(advantages, equals: "\(name).advantages")
            try golden.expect(returns, equals: "\(name).returns")
        }
    }

    @Test func `T40: with lambda 1 the advantage is the discounted return minus the value`() throws {
        let golden = try Golden("gae", .float64)
        let (rewards, values) = (try golden.input("rewards"), try golden.input("values"))
        let lengths = [6, 3, 5, 1]
        let mask = ActionMask(lengths: lengths, width: 6, dtype: .float64).mask_BT
        let advantages = GeneralizedAdvantage(discount: 0.9, lambda: 1).estimate(
            rewards_BT: rewards, values_BT: values, mask_BT: mask
        ).advantages_BT
        for (row, length) in lengths.enumerated() {
            for t in 0..<length {
                var (total, weight) = (0.0, 1.0)
                for later in t..<length {
                    total += weight * rewards[row, later].item()
                    weight *= 0.9
                }
                #expect(abs(advantages[row, t].item() - (total - values[row, t].item())) < 1e-12)
            }
        }
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T4: whitening agrees with PyTorch, biased, unbiased and with the mean kept`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("whitening", precision)
        let (x, mask) = (try golden.input("advantages"), try golden["mask"])
        try golden.expect(Whitening()(x, mask: mask), equals: "unbiased")
        try golden.expect(Whitening(isUnbiased: false)(x, mask: mask), equals: "biased")
        try golden.expect(Whitening(shiftsMean: false)(x, mask: mask), equals: "kept")
    }

    @Test func `a single element whitens to zero instead of to no number`() {
        let white = Whitening()(Tensor([[3.0, 5.0]]), mask: Tensor([[1.0, 0.0]]))
        #expect(white.toArray(Double.self) == [0, 0])
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T8: group advantages agree with PyTorch`(precision: Golden.Precision) throws {
        let golden = try Golden("group", precision)
        let scores: [Double?] = try golden.input("group").toArray(Double.self)
        func advantages(_ estimator: AdvantageEstimator, epsilon: Double = 1e-6) -> Tensor {
            Tensor(estimator.advantages(of: scores, epsilon: epsilon))
        }
        try golden.expect(advantages(.grpo, epsilon: 1e-4), equals: "grpo.1e-4")
        try golden.expect(advantages(.grpo, epsilon: 1e-6), equals: "grpo.1e-6")
        try golden.expect(advantages(.drGRPO), equals: "dr_grpo")
        try golden.expect(advantages(.reinforceBaseline), equals: "dr_grpo")
        try golden.expect(advantages(.rloo), equals: "rloo")
    }

    @Test(arguments: AdvantageEstimator.allCases.filter(\.isByGroup))
    func `T26: a group of equal scores has advantages of exactly zero`(estimator: AdvantageEstimator) {
        // 0.1 added three times and divided by 3 is not 0.1.
        #expect(estimator.advantages(of: [0.1, 0.1, 0.1]) == [0, 0, 0])
        #expect(estimator.advantages(of: [0.7]) == [0])
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T27: an answer without a score gets no advantage and moves no one else's`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("group", precision)
        var scores: [Double?] = try golden.input("group").toArray(Double.self)
        scores[2] = nil
        try golden.expect(Tensor(AdvantageEstimator.grpo.advantages(of: scores)), equals: "grpo.without_third")
        try golden.expect(Tensor(AdvantageEstimator.rloo.advantages(of: scores)), equals: "rloo.without_third")
        #expect(AdvantageEstimator.grpo.advantages(of: [nil, 1, nil]) == [0, 0, 0])
    }
}
