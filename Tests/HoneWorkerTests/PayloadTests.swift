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
        (#"{"prompt": "1", "samples": 1.5}"#, #"payload: "samples" must be a whole number, and is 1.5"#),
        (
            #"{"prompt": "1.5", "temperature": 1.5, "samples": 99999999999999999999}"#,
            #"payload: "samples" must be a whole number from -9223372036854775808 to 9223372036854775807, and is 999"#
        ),
        (#"{"prompt": "1", "temperature": 1e999}"#, #"payload: "temperature" is 1e999, which is too large"#),
        (#"{"prompt": "1", "routing": {"mode": "x"}}"#, #"payload: "routing.mode" has "x"; there are: lossy, "#),
        (
            #"{"prompt": "1", "routing": {"mode": "lossless", "draft": 2.5}}"#,
            #"payload: "routing.draft" must be a whole number, and is 2.5"#
        ),
    ])
    func theKeyAtFaultIsNamed(_ json: String, message: String) throws {
        let error = #expect(throws: WorkerError.self) { try ReasonPayload(json: Data(json.utf8)) }
        #expect(error?.description.hasPrefix(message) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (
            #"{"steps": 5, "seed": -1}"#,
            #"payload: "configuration.seed" must be a whole number from 0 to 18446744073709551615, and is -1"#
        ),
        (
            #"{"steps": 1.5, "learning_rate": 0.5}"#,
            #"payload: "configuration.steps" must be a whole number, and is 1.5"#
        ),
    ]) func aNumberThatDoesNotFitIsNamedWhereverItStands(_ configuration: String, _ message: String) throws {
        let json = #"{"dataset": "d", "model": "m", "configuration": \#(configuration)}"#
        let error = #expect(throws: WorkerError.self) { try TrainSFTPayload(json: Data(json.utf8)) }
        #expect(error?.description == message)
    }

    @Test(arguments: [
        (
            #"{"name": "f", "kind": "foo"}"#,
            #"payload: "kind" has "foo"; there are: preference, steps, rating, correction"#
        ),
        (
            #"{"name": "f", "kind": "steps", "source": "me"}"#,
            #"payload: "source" has "me"; there are: person, simulated, verifier"#
        ),
        (#"{"name": "", "kind": "steps"}"#, #"payload: "name" is ''; it must be 1 to 128 letters"#),
    ]) func aWordThatIsNoneIsAnsweredWithThoseThatThereAre(_ json: String, _ message: String) throws {
        let error = #expect(throws: WorkerError.self) { try FreezePayload(json: Data(json.utf8)) }
        #expect(error?.description.hasPrefix(message) == true, "\(String(describing: error))")
    }

    @Test func aModelThatHasNoNameIsNotTrained() throws {
        let json = #"{"dataset": "d", "model": "", "initial_checkpoint": 1, "configuration": {"steps": 5}}"#
        let error = #expect(throws: WorkerError.self) { try TrainSFTPayload(json: Data(json.utf8)) }
        #expect(error?.description.hasPrefix(#"payload: "model" is ''; it must be 1 to 128 letters"#) == true)
    }

    @Test(arguments: [
        (#""train_count": 1, "levels": []"#, #""generate" has no level in "levels""#),
        (#""train_count": 1, "level": [1]"#, #""generate.level" is not an option here"#),
        (#""train_count": 1.5"#, #""generate.train_count" must be a whole number, and is 1.5"#),
        (#""train_count": [1, 2.5]"#, #""generate.train_count[1]" must be a whole number, and is 2.5"#),
        (#""train_count": "many""#, #""generate.train_count" must be a whole number"#),
    ]) func problemsThatCannotBeMeantAreNotGenerated(_ options: String, _ word: String) throws {
        let json = #"{"dataset": "d", "generate": {"seed": 1, "test_count": 1, \#(options)}}"#
        let error = #expect(throws: WorkerError.self) { try IngestPayload(json: Data(json.utf8)) }
        #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }

    @Test func aRoutingSaysHowSureAShallowAnswerMustBe() throws {
        let plan = try RoutingPlan(json: #"{"mode": "lossy", "cost": 0.4, "sureness": 0.9}"#)
        #expect(plan.mode == .lossy(cost: 0.4) && plan.sureness == 0.9)
        #expect(throws: WorkerError.self) { try RoutingPlan(json: #"{"mode": "shallow", "sureness": 0.9}"#) }
        let returning = try RoutingPlan(json: #"{"mode": "lossy", "sureness": 0.9, "deep_tokens": 2}"#)
        #expect(returning.deepTokenCount == 2)
        #expect(throws: WorkerError.self) { try RoutingPlan(json: #"{"mode": "deep", "deep_tokens": 2}"#) }
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
