import HoneDatasets
import HonePipeline
import Testing

@Suite struct PipelineReferencesTests {
    static let results: [String: JSONValue] = ["train": .object(["checkpoint": .integer(7), "loss": .number(0.5)])]

    @Test func aLoneReferenceKeepsItsTypeAndALongerTextTakesItsWords() throws {
        let payload = JSONValue.object([
            "checkpoint": "${train.checkpoint}", "note": "no. ${train.checkpoint}: ${train.loss}", "steps": .integer(3),
            "list": .array(["${train.loss}"]),
        ])
        #expect(
            try PipelineReferences.resolve(payload, Self.results)
                == .object([
                    "checkpoint": .integer(7), "note": "no. 7: 0.5", "steps": .integer(3),
                    "list": .array([.number(0.5)]),
                ]))
    }

    @Test func whatIsNotThereIsNamed() throws {
        let field = try #require(throws: PipelineError.self) {
            try PipelineReferences.resolve("${train.weights}", Self.results)
        }
        #expect(field.description.contains("stage 'train' returned only checkpoint, loss"))
        let stage = try #require(throws: PipelineError.self) {
            try PipelineReferences.resolve("${gate.passed}", Self.results)
        }
        #expect(stage.description.contains("stage 'gate' has returned nothing"))
    }
}
