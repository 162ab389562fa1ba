import Foundation
import HoneDatasets
import HonePipeline
import HoneWorker
import Testing

@Suite struct StageCheckTests {
    private func check(_ stages: String, params: String = "{}", given: [String: JSONValue] = [:]) throws {
        let text = "name: p\nparams: \(params)\nstages:\n" + stages
        try StageCheck.check(PipelineDefinition(yaml: text, file: "p.yaml"), params: given)
    }

    private let data = """
          - name: data
            kind: ingest
            with: {dataset: d, generate: {levels: [1], train_count: 9, test_count: 1, seed: 1}}

        """

    private func training(_ with: String) -> String {
        data + "  - {name: train, kind: train.sft, needs: [data], with: {model: m, \(with)}}\n"
    }

    @Test func `the shipped pipelines ask for what their kinds know`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Pipelines")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files { try StageCheck.check(PipelineDefinition(file: file), params: [:]) }
    }

    @Test(arguments: [
        ("dataset: d, splitt: x, configuration: {steps: 1}", "\"splitt\" is not an option"),
        ("dataset: \"${data.dataset}\", configuration: {steps: -3}", "\"steps\": must be at least 1"),
        ("dataset: 3, configuration: {steps: 1}", "\"dataset\" must be a string"),
        ("dataset: d, initial_checkpoint: \"${data.id}\", configuration: {steps: 1, threads: 9999}", "\"threads\""),
    ])
    func `what a later stage cannot read is found beforehand, with the stage's name`(with: String, says: String) {
        let error = #expect(throws: WorkerError.self) { try check(training(with)) }
        #expect("\(error.map(\.description) ?? "")".hasPrefix("stage 'train': "))
        #expect("\(error.map(\.description) ?? "")".contains(says))
    }

    @Test(arguments: [
        "dataset: \"${data.dataset}\", initial_checkpoint: \"${data.id}\", configuration: {steps: \"${data.rows}\"}",
        "dataset: \"a-${data.id}\", configuration: \"${data.settings}\"",
    ])
    func `what other stages return is let pass, of whatever type it will be`(with: String) throws {
        try check(training(with))
    }

    @Test func `values of the run count before the defaults, and one that is not given yet is open`() throws {
        let stage = training("dataset: d, initial_checkpoint: 1, configuration: {steps: \"${params.steps}\"}")
        try check(stage, params: "{steps: 5}")
        try check(stage, params: "{steps: null}")
        try check(stage, params: "{steps: null}", given: ["steps": .integer(7)])
        #expect(throws: WorkerError.self) { try check(stage, params: "{steps: 5}", given: ["steps": .string("x")]) }
        #expect(throws: WorkerError.self) { try check(stage, params: "{steps: 0}") }
    }
}
