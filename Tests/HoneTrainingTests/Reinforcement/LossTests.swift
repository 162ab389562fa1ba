import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct ReinforcementLossTests {
    private func mask(_ precision: Golden.Precision) -> Tensor {
        ActionMask(lengths: [6, 3, 5, 1], width: 6, dtype: precision.dtype).mask_BT
    }

    private func mean(_ loss_BT: Tensor, _ mask_BT: Tensor, _ aggregation: LossAggregation = .tokenMean) -> Tensor {
        let totals = LossAggregation.Totals(mask_BT: mask_BT, maximumLength: 9)
        return (loss_BT * aggregation.weights(mask_BT: mask_BT, of: totals)).sum()
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T5: clipping, more room above and the dual bound agree with PyTorch in value, gradient and share`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("policy", precision)
        let mask = mask(precision)
        let losses = [
            ("clip", PolicyLoss()), ("higher", PolicyLoss(clipHigh: 0.28)), ("dual", PolicyLoss(dualClip: 3)),
        ]
        for (name, loss) in losses {
            let logProbs = try golden.leaf("lp")
            let terms = loss.terms(
                logProbs_BT: logProbs, old_BT: try golden.input("olp"), advantages_BT: try golden.input("advantages"),
                mask_BT: mask)
            let total = mean(terms.loss_BT, mask)
            try golden.expect(total, equals: "\(name).loss")
            total.backward()
            try golden.expect(logProbs.grad, equals: "grad.\(name)")
            try golden.expect(terms.isClipped_BT.sum() / mask.sum(), equals: "\(name).clipped")
        }
    }

    @Test(arguments: Golden.Precision.allCases)
    func `plain REINFORCE agrees with PyTorch in value and gradient`(precision: Golden.Precision) throws {
        let golden = try Golden("policy", precision)
        let logProbs = try golden.leaf("lp")
        let terms = PolicyLoss(kind: .reinforce).terms(
            logProbs_BT: logProbs, old_BT: try golden.input("olp"), advantages_BT: try golden.input("advantages"),
            mask_BT: mask(precision))
        let total = mean(terms.loss_BT, mask(precision))
        try golden.expect(total, equals: "reinforce.loss")
        total.backward()
        try golden.expect(logProbs.grad, equals: "grad.reinforce")
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T13: the sequence ratio of GSPO agrees with PyTorch in value and gradient`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("sequence_ratio", precision)
        let logProbs = try golden.leaf("lp")
        let mask = mask(precision)
        let advantages = (try golden.input("scores")).unsqueeze(1) + mask.zerosLike()
        let terms = PolicyLoss(kind: .sequenceClip, clipLow: 3e-4, clipHigh: 4e-4).terms(
            logProbs_BT: logProbs, old_BT: try golden.input("olp"), advantages_BT: advantages, mask_BT: mask)
        let total = mean(terms.loss_BT, mask, .sequenceMeanTokenMean)
        try golden.expect(total, equals: "loss")
        total.backward()
        try golden.expect(logProbs.grad, equals: "grad")
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T6: the value loss agrees with PyTorch in value and gradient, clipped and free`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("value", precision)
        for (name, clip) in [("clipped", 0.2), ("free", nil)] {
            let values = try golden.leaf("values")
            let terms = ValueLoss(clip: clip).terms(
                values_BT: values, old_BT: try golden.input("old_values"), returns_BT: try golden.input("returns"))
            let total = mean(terms, mask(precision))
            try golden.expect(total, equals: "\(name).loss")
            total.backward()
            try golden.expect(values.grad, equals: "grad.\(name)")
        }
    }

    @Test(arguments: Golden.Precision.allCases, LossAggregation.allCases)
    func `T7: every aggregation agrees with PyTorch and leaves out a response without tokens`(
        precision: Golden.Precision, aggregation: LossAggregation
    ) throws {
        let golden = try Golden("aggregation", precision)
        let (losses, mask) = (try golden.input("advantages"), try golden["mask"])
        try golden.expect(mean(losses, mask, aggregation), equals: aggregation.rawValue)
    }

    @Test(arguments: LossAggregation.allCases, [1, 2, 4])
    func `T21: the parts of a batch add up to the same loss however it is cut`(
        aggregation: LossAggregation, partCount: Int
    ) throws {
        let golden = try Golden("aggregation", .float64)
        let (losses, mask) = (try golden.input("advantages"), try golden["mask"])
        let totals = LossAggregation.Totals(mask_BT: mask, maximumLength: 9)
        let parts = zip(losses.chunk(partCount, dim: 0), mask.chunk(partCount, dim: 0)).map { losses, mask in
            (losses * aggregation.weights(mask_BT: mask, of: totals)).sum().item()
        }
        try golden.expect(parts.reduce(0, +), equals: aggregation.rawValue)
    }

    @Test(arguments: Golden.Precision.allCases)
    func `importance weights are truncated or masked as in PyTorch`(precision: Golden.Precision) throws {
        let golden = try Golden("importance", precision)
        let corrections = [
            ("token", ImportanceCorrection()),
            ("sequence", ImportanceCorrection(kind: .mask, level: .sequence, lower: 0.5, upper: 5)),
        ]
        for (name, correction) in corrections {
            let weights = correction.weights(
                old_BT: try golden.input("olp"), sampler_BT: try golden.input("sampler"), mask_BT: try golden["mask"])
            try golden.expect(weights, equals: name)
        }
    }
}
