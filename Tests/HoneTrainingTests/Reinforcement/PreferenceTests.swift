import HoneTensor
import Testing

@testable import HoneTraining

@Suite struct ReinforcementPreferenceTests {
    @Test(arguments: Golden.Precision.allCases)
    func `T9: the loss on pairs agrees with PyTorch with margins, centring, ties and weights`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("pair", precision)
        for name in ["plain", "margin", "centred", "ties"] {
            let (chosen, rejected) = (try golden.leaf("chosen"), try golden.leaf("rejected"))
            let margin = name == "ties" ? try golden["margin"] : name == "margin" ? try golden.input("margin") : nil
            let loss = BradleyTerryLoss(centring: name == "centred" ? 0.01 : 0)(
                chosen_B: chosen, rejected_B: rejected, margin_B: margin,
                preference_B: name == "ties" ? try golden["preference"] : nil,
                weight_B: name == "ties" ? try golden.input("weight") : nil)
            try golden.expect(loss, equals: "\(name).loss")
            loss.backward()
            try golden.expect(chosen.grad, equals: "grad.\(name).chosen")
            try golden.expect(rejected.grad, equals: "grad.\(name).rejected")
        }
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T10: the loss on steps and the scores of solutions agree with PyTorch`(precision: Golden.Precision) throws {
        let golden = try Golden("step", precision)
        let logits = try golden.leaf("step_logits")
        let loss = StepRewardLoss.loss(logits_N2: logits, labels_N: try golden["labels"])
        try golden.expect(loss, equals: "loss")
        loss.backward()
        try golden.expect(logits.grad, equals: "grad")
        let probabilities = try golden["probabilities"].toArray(Double.self)
        for aggregation in StepAggregation.allCases {
            try golden.expect(try #require(aggregation.score(probabilities)), equals: aggregation.rawValue)
            #expect(aggregation.score([]) == nil)
        }
    }

    @Test func `steps are supervised up to the first wrong one`() {
        #expect(StepRewardLoss.labels(ratings: [1, 0, -1, 1]) == [1, 1, 0, StepRewardLoss.noLabel])
        #expect(StepRewardLoss.labels(ratings: [1, 1]) == [1, 1])
    }

    @Test(arguments: Golden.Precision.allCases)
    func `T11: DPO, cDPO and IPO by sums and by means agree with PyTorch in value and gradient`(
        precision: Golden.Precision
    ) throws {
        let golden = try Golden("direct", precision)
        let mask = try golden["mask"]
        let losses: [(String, DirectPreferenceLoss)] = [
            ("dpo", .dpo(beta: 0.1)), ("cdpo", .dpo(beta: 0.1, labelSmoothing: 0.1)), ("ipo.sum", .ipo(beta: 0.1)),
            ("ipo.mean", .ipo(beta: 0.1)),
        ]
        for (name, loss) in losses {
            let (chosen, rejected) = (try golden.leaf("lp"), try golden.leaf("olp"))
            let answers = try [chosen, rejected, golden.input("ref_chosen"), golden.input("ref_rejected")].map {
                DirectPreferenceLoss.sequenceLogProbs($0, mask_BT: mask, isAveraged: name == "ipo.mean")
            }
            let total = loss.terms(
                chosen_B: answers[0], rejected_B: answers[1], referenceChosen_B: answers[2],
                referenceRejected_B: answers[3]
            ).mean()
            try golden.expect(total, equals: "\(name).loss")
            total.backward()
            try golden.expect(chosen.grad, equals: "grad.\(name).chosen")
            try golden.expect(rejected.grad, equals: "grad.\(name).rejected")
        }
    }
}
