import Foundation
import HoneDatasets
import HonePipeline
import Testing

@Suite struct PipelineFileTests {
    static let valid = """
        name: demo
        params:
          rate: 1e-3
          model: ~
        stages:
          - name: last
            kind: evaluate
            needs: [first]
            with: {checkpoint: "${first.checkpoint}", note: "of ${params.model}"}
          - name: first
            kind: train.sft
            priority: -5
            max_attempts: 3
            with:
              rate: ${params.rate}
              quoted: "5"
              sizes: [1, 2.5, true]
        """

    @Test func aValidFileIsReadAsWritten() throws {
        let pipeline = try PipelineDefinition(yaml: Self.valid, file: "demo.yaml")
        #expect(pipeline.params == ["rate": .number(0.001), "model": .null])
        #expect(pipeline.stagesInOrder.map(\.name) == ["first", "last"])
        let first = try #require(pipeline.stages.last)
        #expect(first.priority == -5)
        #expect(first.maxAttempts == 3)
        #expect(first.with["sizes"] == .array([.integer(1), .number(2.5), .bool(true)]))
        #expect(first.with["quoted"] == "5")
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Pipelines")

    @Test func thePipelinesOfTheRepositoryAreValid() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files {
            let pipeline = try PipelineDefinition(file: file)
            #expect(file.deletingPathExtension().lastPathComponent == pipeline.name)
        }
    }

    @Test(arguments: PipelineFault.all) func aFaultIsNamedWithItsLine(_ fault: PipelineFault) throws {
        let yaml = Self.valid.replacing(fault.from, with: fault.to)
        #expect(yaml != Self.valid)
        let error = try #require(throws: PipelineError.self) { try PipelineDefinition(yaml: yaml, file: "demo.yaml") }
        #expect(error.description.contains(fault.says), "\(error)")
    }

    @Test func aCycleIsNamedStageByStage() throws {
        let yaml = """
            name: round
            stages:
              - {name: a, kind: noop, needs: [c]}
              - {name: b, kind: noop, needs: [a]}
              - {name: c, kind: noop, needs: [b]}
            """
        let error = try #require(throws: PipelineError.self) { try PipelineDefinition(yaml: yaml, file: "r.yaml") }
        #expect(error.description == "r.yaml:3: stages[0]: waits for itself: a needs c needs b needs a")
    }

    static let hostile = [
        "deep lists": String(repeating: "[", count: 200_000),
        "deep blocks": String(repeating: "- ", count: 100_000),
        "aliases of aliases": "a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            + "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]",
        "nothing": "", "words": "just words", "a zero byte": "\u{0}",
    ]

    @Test(arguments: hostile.keys.sorted()) func hostileTextIsAnErrorAndNoCrash(_ name: String) throws {
        let yaml = try #require(Self.hostile[name])
        #expect(throws: PipelineError.self) { try PipelineDefinition(yaml: yaml, file: "x.yaml") }
    }

    @Test func theGraphIsDrawnInThreeForms() throws {
        let pipeline = try PipelineDefinition(yaml: Self.valid, file: "demo.yaml")
        #expect(pipeline.graph(.text) == "first  train.sft\nlast   evaluate   after first")
        #expect(pipeline.graph(.dot).contains("\"first\" -> \"last\";"))
        #expect(pipeline.graph(.mermaid).contains("s1 --> s0"))
    }
}

/// A change to the valid file, and what the error must say of it.
struct PipelineFault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let from: String
    let to: String
    let says: String

    init(_ name: String, _ from: String, _ to: String, says: String) {
        testDescription = name
        self.from = from
        self.to = to
        self.says = says
    }

    static let all = [
        Self("an unknown key", "priority:", "prio:", says: "demo.yaml:12: stages[1]: unknown key 'prio'"),
        Self("an unknown kind", "train.sft", "train.stf", says: "demo.yaml:10: stages[1]: unknown kind 'train.stf'"),
        Self("an unknown need", "[first]", "[frist]", says: "demo.yaml:6: stages[0]: needs 'frist'"),
        Self(
            "a duplicate stage", "name: first", "name: last",
            says: "demo.yaml:10: stages[1]: another stage is already named 'last'"),
        Self("a duplicate key", "priority: -5", "kind: gate", says: "the key 'kind' comes twice"),
        Self("an undeclared parameter", "{params.rate}", "{params.rat}", says: "${params.rat} is not declared"),
        Self(
            "a result not waited for", "${params.rate}", "${last.rate}",
            says: "demo.yaml:10: stages[1]: uses a result of 'last' without waiting for it"),
        Self(
            "a broken reference", "${params.rate}", "\"${params.rate\"", says: "'${params.rate' is no reference"),
        Self(
            "a word for a number", "max_attempts: 3", "max_attempts: three",
            says: "demo.yaml:13: stages[1].max_attempts: must be a whole number"),
        Self("a number out of range", "max_attempts: 3", "max_attempts: 0", says: "0 is not between 1 and 1000"),
        Self(
            "a payload that is no mapping", #"{checkpoint: "${first.checkpoint}", note: "of ${params.model}"}"#, "[1]",
            says: "demo.yaml:9: stages[0].with: must be a mapping"),
        Self("no stages", "stages:", "params2:", says: "unknown key 'params2'"),
        Self("broken YAML", "[first]", "[first", says: "not valid YAML"),
        Self("a bad name", "name: demo", "name: \"../demo\"", says: "demo.yaml:1: name: '../demo' must be"),
    ]
}
