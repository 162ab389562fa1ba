import Foundation
import HoneEvaluation
import HoneGrammar
import HoneInference
import Testing

@testable import HoneWorker

/// Payload errors name the key at fault.
@Suite struct PayloadTests {
    @Test(arguments: [
        (#"{}"#, #"payload: "prompt" is missing"#),
        (#"{"prompt": 3}"#, #"payload: "prompt" must be a string"#),
        (#"{"prompt": " "}"#, #"payload: "prompt" is empty"#),
        (#"{"prompt": "1", "samples": 0}"#, #"payload: "samples" must be between 1 and 256"#),
        (#"{"prompt": "1", "temperature": "hot"}"#, #"payload: "temperature" must be a number"#),
        (#"{"prompt": "1", "max_tokens": 5}"#, #"payload: "max_tokens" is not an option of this kind; it has: answer"#),
        (#"{"prompt": "1", "format": {}}"#, #"payload: "format" must have either "regex" or "json_schema""#),
        (#"{"prompt": "1", "format": {"regexp": "a"}}"#, #"payload: "format.regexp" is not an option here"#),
    ])
    func theKeyAtFaultIsNamed(_ json: String, message: String) throws {
        let error = #expect(throws: WorkerError.self) { try ReasonPayload(json: Data(json.utf8)) }
        #expect(error?.description.hasPrefix(message) == true, "\(String(describing: error))")
    }

    @Test func aRoutingSaysHowSureAShallowAnswerMustBe() throws {
        let plan = try RoutingPlan(json: #"{"mode": "lossy", "cost": 0.4, "sureness": 0.9}"#)
        #expect(plan.mode == .lossy(cost: 0.4) && plan.sureness == 0.9)
        #expect(throws: WorkerError.self) { try RoutingPlan(json: #"{"mode": "shallow", "sureness": 0.9}"#) }
    }

    @Test func aSchemaIsOneTextHoweverItsMembersStand() throws {
        func format(_ schema: String) throws -> AnswerFormat? {
            try ReasonPayload(json: Data(#"{"prompt": "1", "format": {"json_schema": \#(schema)}}"#.utf8)).format?
                .format
        }
        let one = try format(#"{"type": "integer", "maximum": 12.5, "enum": [1, null, "a/b"]}"#)
        #expect(one == .jsonSchema(#"{"enum":[1,null,"a/b"],"maximum":12.5,"type":"integer"}"#))
        #expect(try format(#"{"enum": [1, null, "a/b"], "type": "integer", "maximum": 12.5}"#) == one)
    }

    @Test func aTrainingThatStartsFromNothingNeedsAShape() {
        let json = #"{"dataset": "d", "model": "m", "configuration": {"steps": 5}}"#
        #expect(throws: WorkerError.self) { try TrainSFTPayload(json: Data(json.utf8)) }
    }
}

/// The rule by which a candidate may be served.
@Suite struct GateRuleTests {
    private let metrics = ["accuracy": 0.9]

    @Test func aCandidateMustReachEveryThreshold() {
        #expect(GateRule(thresholds: ["accuracy": 0.9]).decide(metrics: metrics, comparison: nil).isPassed)
        #expect(!GateRule(thresholds: ["accuracy": 0.91]).decide(metrics: metrics, comparison: nil).isPassed)
        #expect(!GateRule(thresholds: ["level9_accuracy": 0]).decide(metrics: metrics, comparison: nil).isPassed)
    }

    @Test(arguments: [(gained: 3, lost: 3, passes: true), (gained: 3, lost: 4, passes: false)])
    func aCandidateMustNotBeWorseThanTheActiveOne(gained: Int, lost: Int, passes: Bool) {
        let comparison = PairedComparison(both: 10, gained: gained, lost: lost, neither: 1)
        #expect(GateRule(thresholds: [:]).decide(metrics: metrics, comparison: comparison).isPassed == passes)
    }

    @Test func nothingInCommonIsNoProof() {
        let comparison = PairedComparison(candidate: ["1": true], baseline: ["2": true])
        #expect(!GateRule(thresholds: [:]).decide(metrics: metrics, comparison: comparison).isPassed)
    }
}
