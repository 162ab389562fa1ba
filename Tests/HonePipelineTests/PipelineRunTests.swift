import Foundation
import HoneDatasets
import HonePipeline
import HonePostgres
import HoneTesting
import Testing

@Suite(.temporaryDatabase) struct PipelineRunTests {
    static let demo = """
        name: demo
        description: Two stages.
        params: {steps: 10, model: ~}
        stages:
          - {name: train, kind: noop, with: {steps: "${params.steps}", label: "for ${params.model}"}}
          - {name: promote, kind: noop, needs: [train], with: {checkpoint: "${train.checkpoint}"}}
        """

    @Test func aDefinitionIsNamedByItsContent() async throws {
        let pool = try TemporaryDatabase.current.pool
        let first = try await register(Self.demo, in: pool)
        let again = try await register(Self.demo.replacing("noop, needs", with: "noop,   needs"), in: pool)
        let other = try await register(Self.demo.replacing("10", with: "11"), in: pool)
        #expect(first == again)
        #expect(first != other)
        let list = try await PipelineRuns.list(in: pool)
        #expect(list.map(\.hash) == [other])
        #expect(list.map(\.description) == ["Two stages."])
    }

    @Test func aRunHasAJobForEachStageWithItsParametersFilledIn() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await register(Self.demo, in: pool)
        let run = try await PipelineRuns.start("demo", params: ["model": "m"], codeVersion: "v1", in: pool)
        let status = try await PipelineRuns.status(of: run, in: pool)
        #expect(status.state == "pending")
        #expect(status.params == ["steps": .integer(10), "model": "m"])
        #expect(status.stages.map(\.name) == ["train", "promote"])
        #expect(status.stages.map(\.state) == ["available", "waiting"])
        let payload = try await payload(of: status.stages[0].job, in: pool)
        #expect(payload == .object(["steps": .integer(10), "label": "for m"]))
        #expect(try await PipelineRuns.latest(in: pool).map(\.id) == [run])
    }

    @Test func aRunRecordsTheCodeThatStartedIt() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await register(Self.demo, in: pool)
        let run = try await PipelineRuns.start("demo", params: ["model": "m"], codeVersion: "v1", in: pool)
        #expect(try await PipelineRuns.status(of: run, in: pool).codeVersion == "v1")
        let rows = try await pool.query(#"SELECT hone.run_pipeline('demo', '{"model": "m"}') AS run"#)
        let plain = try await PipelineRuns.status(of: rows[0].decode("run"), in: pool)
        #expect(plain.codeVersion == nil && plain.stages.count == 2)
    }

    @Test func aReferenceIsFilledInFromTheResultOfTheStageBefore() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await register(Self.demo, in: pool)
        let run = try await PipelineRuns.start("demo", params: ["model": "m"], codeVersion: "v1", in: pool)
        let waiting = PostgresJSON(text: #"{"checkpoint": "${train.checkpoint}"}"#)
        await #expect(throws: PipelineError.self) {
            try await PipelineReferences.resolve(waiting, run: run, in: pool)
        }
        try await succeed("train", of: run, result: #"{"checkpoint": 42}"#, in: pool)
        let resolved = try await PipelineReferences.resolve(waiting, run: run, in: pool)
        #expect(try resolved.decode(JSONValue.self) == .object(["checkpoint": .integer(42)]))
        let status = try await PipelineRuns.status(of: run, in: pool)
        #expect(status.state == "running")
        #expect(status.stages.map(\.state) == ["succeeded", "available"])
    }

    @Test func whatARunCannotStartWithIsNamed() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await register(Self.demo, in: pool)
        await expect("needs a value for its parameter 'model'") {
            try await PipelineRuns.start("demo", codeVersion: "v1", in: pool)
        }
        await expect("has no parameter 'speed'") {
            try await PipelineRuns.start(
                "demo", params: ["model": "m", "speed": .integer(1)], codeVersion: "v1", in: pool)
        }
        await expect("unknown pipeline: 'demon'") { try await PipelineRuns.start("demon", codeVersion: "v1", in: pool) }
        await #expect(throws: PipelineError.unknownRun(99)) { try await PipelineRuns.status(of: 99, in: pool) }
        #expect(try await pool.query("SELECT FROM hone.jobs").isEmpty)
    }

    @Test func theKindsAreThoseOfTheDatabase() async throws {
        let pool = try TemporaryDatabase.current.pool
        let kinds = try await pool.query("SELECT kind FROM hone.kinds").map { try $0.decode("kind", as: String.self) }
        // Roll-outs are asked for by a training, never by a stage.
        #expect(PipelineDefinition.kinds == Set(kinds).subtracting(["rollout"]))
    }

    @Test func theFirstReasonersPipelineCanBeRun() async throws {
        let pool = try TemporaryDatabase.current.pool
        let file = PipelineFileTests.folder.appending(path: "first-reasoner.yaml")
        try await PipelineRuns.register(try PipelineDefinition(file: file), in: pool)
        let run = try await PipelineRuns.start("first-reasoner", codeVersion: "v1", in: pool)
        let status = try await PipelineRuns.status(of: run, in: pool)
        #expect(status.stages.map(\.kind) == ["ingest", "train.sft", "evaluate", "gate", "promote"])
    }
}

// MARK: - Steps of the tests

@discardableResult
private func register(_ yaml: String, in pool: PostgresPool) async throws -> String {
    try await PipelineRuns.register(try PipelineDefinition(yaml: yaml, file: "demo.yaml"), in: pool)
}

private func payload(of job: Int64, in pool: PostgresPool) async throws -> JSONValue {
    let rows = try await pool.query("SELECT payload FROM hone.jobs WHERE id = \(job)")
    return try rows[0].decode("payload", as: PostgresJSON.self).decode()
}

/// Does a stage's job as a worker would.
private func succeed(_ stage: String, of run: Int64, result: String, in pool: PostgresPool) async throws {
    let result = PostgresJSON(text: result)
    let rows = try await pool.query(
        """
        SELECT c.job_id, c.fence FROM hone.register_worker('test', 'here', 1, 'dev', '{}') AS worker,
            hone.claim(worker, '{default}', '{noop}', '{1}', interval '1 minute') AS c
        WHERE c.stage = \(stage) AND c.run_id = \(run)
        """)
    let (job, fence) = (try rows[0].decode("job_id", as: Int64.self), try rows[0].decode("fence", as: Int64.self))
    try await pool.execute("SELECT hone.complete(ARRAY[\(job)], ARRAY[\(fence)], ARRAY[\(result)])")
}

private func expect(_ text: String, _ body: () async throws -> Int64) async {
    let error = await #expect(throws: PostgresError.self) { try await body() }
    #expect(error?.description.contains(text) == true, "\(String(describing: error))")
}
