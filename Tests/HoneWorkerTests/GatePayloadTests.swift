import Foundation
import HoneEvaluation
import Testing

@testable import HoneWorker

/// What a gate may be asked for; errors name the key at fault, however deep it lies.
@Suite struct GatePayloadTests {
    @Test(arguments: [
        (#""require": {}"#, #""evaluation" is missing, and so is "target""#),
        (#""target": {"dataset": "d", "margin": 0.1}"#, #""target" has a "margin", which only guards have"#),
        (
            #""target": {"dataset": "d", "generate": {}}"#,
            #""target.dataset" or "generate" must be there, and not both"#
        ),
        (#""target": {}"#, #""target.dataset" or "generate" must be there, and not both"#),
        (#""target": {"dataset": "d", "splits": "x"}"#, #""target.splits" is not an option here; there are: dataset"#),
        (
            #""evaluation": 1, "guards": [{"dataset": "d"}, {"generate": {"level": [1]}}]"#,
            #""guards[1].generate.level" is not an option here; there are: count, levels, seed"#
        ),
        (
            #""evaluation": 1, "guards": [{"dataset": "d", "margin": 2}]"#,
            #""margin" of suite "d test" must lie between 0 and 1"#
        ),
        (#""target": {"generate": {"count": 0}}"#, #""count" of suite "generated level 2, 3" must be between"#),
    ])
    func theKeyAtFaultIsNamed(_ options: String, message: String) throws {
        let json = #"{"model": "m", "checkpoint": 1, \#(options)}"#
        let error = #expect(throws: WorkerError.self) { try GatePayload(json: Data(json.utf8)) }
        #expect(error?.description.hasPrefix("payload: " + message) == true, "\(error as (any Error)?)")
    }

    @Test func whatIsLeftOutHasItsDefault() throws {
        let json = #"{"model": "m", "checkpoint": 1, "target": {"generate": {}}, "guards": [{"dataset": "d"}]}"#
        let payload = try GatePayload(json: Data(json.utf8))
        guard case .generated(let generation)? = payload.target?.source else {
            Issue.record("not generated")
            return
        }
        #expect(generation.count == 8000 && generation.levels == [2, 3] && generation.seed == nil)
        #expect(payload.guards?[0].name == "d test" && payload.guards?[0].margin == nil)
    }
}

/// The rule with a target and guards.
@Suite struct GateSuitesRuleTests {
    private let rule = GateRule(thresholds: [:])
    private let better = PairedComparison(both: 7000, gained: 500, lost: 300, neither: 200)
    private let equal = PairedComparison(both: 7000, gained: 200, lost: 200, neither: 600)
    private let worse = PairedComparison(both: 7000, gained: 200, lost: 360, neither: 440)

    private func decide(target: PairedComparison, guarded: PairedComparison) -> GateRule.Decision {
        rule.decide(
            metrics: [:], comparison: nil, target: target,
            guards: [GateRule.Guard(name: "old", margin: 0.015, comparison: guarded)])
    }

    @Test func onlyAProvenGainWithoutALossIsPassed() {
        #expect(decide(target: better, guarded: equal).isPassed)
        #expect(decide(target: better, guarded: better).isPassed)
        #expect(!decide(target: equal, guarded: equal).isPassed)
        #expect(!decide(target: worse, guarded: equal).isPassed)
        #expect(!decide(target: better, guarded: worse).isPassed)
    }

    @Test func theReasonNamesEveryFaultWithItsInterval() {
        let reason = decide(target: equal, guarded: worse).reason
        #expect(
            reason == "not shown to be better than the active checkpoint on the target: +0.0 points on 8000 prompts "
                + "(95 %: -0.5 to +0.5); a loss of 1.5 points on guard old is not ruled out: -2.0 points on 8000 "
                + "prompts (95 %: -2.6 to -1.4)")
    }

    @Test func aGainOnTooFewPromptsIsNoProof() {
        let few = PairedComparison(both: 10, gained: 3, lost: 0, neither: 2)
        #expect(!decide(target: few, guarded: equal).isPassed)
        #expect(!decide(target: better, guarded: PairedComparison(both: 50, gained: 0, lost: 0, neither: 0)).isPassed)
    }

    @Test(arguments: [(1.4, true), (1.5, true), (1.6, false), (nil, false)])
    func aBudgetIsTheMostThatAMetricMayBe(ratio: Double?, passes: Bool) {
        let rule = GateRule(thresholds: [:], budgets: ["length_ratio": 1.5])
        let metrics = ratio.map { ["length_ratio": $0] } ?? [:]
        #expect(rule.decide(metrics: metrics, comparison: nil).isPassed == passes)
    }
}
