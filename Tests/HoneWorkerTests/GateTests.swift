import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

@testable import HoneWorker

/// Gates over real checkpoints: networks so small that each has learnt to give one answer to every question.
@Suite(.temporaryDatabase) struct GateTests {
    @Test(.timeLimit(.minutes(4))) func onlyWhatIsBetterAndHasLostNothingIsServed() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let untrained = try await floor.train(on: "twos", steps: 2)
        let twos = try await floor.train(on: "twos", steps: 250)
        let threes = try await floor.train(on: "threes", steps: 250)

        // Of a first model its target is measured, and held against what is required.
        let poor = try await floor.gate(untrained, target: "twos", more: #""require": {"accuracy": 0.9}"#)
        #expect(poor == "gate not passed: accuracy is 0.0, below 0.9")
        let first = try await floor.gate(threes, target: "threes", more: #""require": {"accuracy": 0.9}"#)
        #expect(first == nil)
        try await floor.promote(threes)

        // Better on the target, but all of the guard is lost.
        let blocked = try #require(
            try await floor.gate(twos, target: "twos", more: #""guards": [{"dataset": "threes", "margin": 0.1}]"#))
        #expect(blocked.contains("a loss of 10.0 points on guard threes test is not ruled out: -100.0 points on 40"))
        #expect(try await floor.quarantine(of: twos) == blocked.dropFirst("gate not passed: ".count))
        await #expect(throws: PostgresError.self) { try await floor.promote(twos) }

        // Not shown to be better: both are wrong everywhere.
        let equal = try #require(try await floor.gate(untrained, target: "twos"))
        #expect(equal.contains("not shown to be better than the active checkpoint on the target: +0.0 points"))

        // Better, and nothing lost on prompts that both get wrong.
        try await floor.pool.query("SELECT hone.release_checkpoint('tiny', \(twos), 'the guard does not matter')")
        let passed = try await floor.gate(
            twos, target: "twos",
            more: """
                "budgets": {"length_ratio": 1.5}, "max_new_tokens": 8, "guards": [
                    {"name": "fours", "dataset": "fours", "margin": 0.1},
                    {"generate": {"seed": 5, "levels": [2], "count": 40}, "margin": 0.2}]
                """)
        #expect(passed == nil)
        try await floor.promote(twos)
        try await expectEvidence(floor, of: twos)
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.gate_decisions") == 5)
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.examples") == 240, "no generated prompt is stored")
    }

    /// The one row of a decision says what was asked and what was found.
    private func expectEvidence(_ floor: GateFloor, of checkpoint: Int64) async throws {
        let row = try await floor.pool.query(
            """
            SELECT evidence #>> '{target,comparison,gained_count}' AS gained,
                evidence #>> '{guards,0,comparison,lost_count}' AS lost,
                evidence #>> '{guards,1,prompts,seed}' AS seed, evidence #>> '{target,prompts,cut,sha256}' AS cut,
                (evidence #>> '{metrics,length_ratio}')::float8 AS ratio, rule, code_version
            FROM hone.gate_decisions WHERE candidate_id = \(checkpoint) AND passed
            """)[0]
        #expect(try row.decode("gained", as: String.self) == "40")
        #expect(try row.decode("lost", as: String.self) == "0")
        #expect(try row.decode("seed", as: String.self) == "5")
        #expect(try row.decode("cut", as: String.self).count == 64)
        #expect((0.5...1.5).contains(try row.decode("ratio", as: Double.self)))
        #expect(try row.decode("code_version", as: String.self) == "test")
        let rule = try row.decode("rule", as: PostgresJSON.self).decode(Rule.self)
        #expect(rule.guards == ["fours": 0.1, "generated level 2": 0.2] && rule.budgets == ["length_ratio": 1.5])
    }

    private struct Rule: Decodable {
        let budgets: [String: Double]
        let guards: [String: Double]
    }

    @Test func aGateOnNothingThatExistsFailsAndDecidesNothing() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let checkpoint = try await floor.train(on: "twos", steps: 2)
        let unknown = try await floor.gate(checkpoint, model: "nix", target: "twos")
        #expect(unknown?.hasPrefix("there is no model nix; ") == true)
        let foreign = try await floor.gate(checkpoint + 1, target: "twos")
        #expect(foreign?.hasPrefix("there is no checkpoint tiny@\(checkpoint + 1); ") == true)
        let dataless = try await floor.gate(checkpoint, target: "nix")
        #expect(dataless?.hasPrefix("there is no dataset nix; ") == true)
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.gate_decisions") == 0)
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.quarantines") == 0)
    }

    @Test func aCanaryAnswersTheJobsThatTheirNumbersChoose() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let active = try await floor.train(on: "twos", steps: 2)
        let canary = try await floor.train(on: "twos", steps: 2)
        try await floor.serve(active)
        try await floor.decide(canary, against: active)
        try await floor.pool.query("SELECT hone.canary('tiny', \(canary), 30)")
        let jobs = try await JobQueue(floor.pool).enqueue(
            "reason",
            payloads: [PostgresJSON](
                repeating: PostgresJSON(text: #"{"prompt": "1+1=?", "max_new_tokens": 2}"#), count: 200))
        try await floor.worker.runUntilIdle()
        let rows = try await floor.pool.query(
            "SELECT job_id, (result ->> 'checkpoint')::bigint FROM hone.results WHERE job_id = ANY (\(jobs))")
        #expect(rows.count == 200)
        var canaryCount = 0
        for row in rows {
            let (job, checkpoint) = try row.decode(Int64.self, Int64.self)
            #expect(checkpoint == (Serving.isCanary(job: job, percent: 30) ? canary : active))
            if checkpoint == canary { canaryCount += 1 }
        }
        #expect((30...90).contains(canaryCount), "\(canaryCount) of 200")
    }

    @Test func aCanaryThatCannotBeLoadedFailsNoJob() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let active = try await floor.train(on: "twos", steps: 2)
        try await floor.serve(active)
        let empty: Int64 = try await floor.pool.one(
            """
            INSERT INTO hone.checkpoints (model_id, step, config)
            SELECT model_id, 1, '{}' FROM hone.checkpoints WHERE id = \(active) RETURNING id
            """)
        try await floor.decide(empty, against: active)
        try await floor.pool.query("SELECT hone.canary('tiny', \(empty), 99)")
        let jobs = try await JobQueue(floor.pool).enqueue(
            "reason",
            payloads: [PostgresJSON](
                repeating: PostgresJSON(text: #"{"prompt": "1+1=?", "max_new_tokens": 2}"#), count: 20))
        try await floor.worker.runUntilIdle()
        let answered: Int = try await floor.pool.one(
            """
            SELECT count(*) FROM hone.results
            WHERE job_id = ANY (\(jobs)) AND (result ->> 'checkpoint')::bigint = \(active)
            """)
        #expect(answered == 20)
    }

    @Test(arguments: [1, 10, 50, 99]) func aCanarysShareIsWhatWasAskedFor(percent: Int) {
        let count = (1...Int64(100_000)).count { Serving.isCanary(job: $0, percent: percent) }
        #expect(abs(count - percent * 1000) < 600)
    }
}

/// Datasets of one answer each, a worker, and the steps of a gate's tests.
struct GateFloor {
    var worker: LocalWorker
    let pool: PostgresPool

    init() async throws {
        let database = try TemporaryDatabase.current
        worker = LocalWorker(database)
        pool = database.pool
        for (dataset, answer) in [("twos", 2), ("threes", 3), ("fours", 4)] {
            try await pool.query(
                """
                SELECT hone.ingest(\(dataset), array_agg(jsonb_build_object(
                    'prompt', n || '+' || \(dataset)::text || '=?', 'answer', \(answer)::text,
                    'split', CASE WHEN n <= 40 THEN 'test' ELSE 'train' END) ORDER BY n))
                FROM generate_series(1, 80) n
                """)
        }
    }

    /// Trains a checkpoint of the model "tiny".
    func train(on dataset: String, steps: Int) async throws -> Int64 {
        let payload = TinyModel.training(steps: steps, checkpointEvery: 1000, dataset: dataset)
            .replacing(#""warm_up_steps": 2"#, with: #""warm_up_steps": 2, "learning_rate": 0.02"#)
        let job = try await JobQueue(pool).enqueue("train.sft", payload: PostgresJSON(text: payload))
        try await worker.runUntilIdle()
        return try await pool.one("SELECT (result ->> 'checkpoint')::bigint FROM hone.results WHERE job_id = \(job)")
    }

    /// Runs a gate and returns why it failed, nil if it passed.
    func gate(
        _ checkpoint: Int64, model: String = "tiny", target: String, more: String = #""max_new_tokens": 8"#
    ) async throws -> String? {
        let payload = """
            {"model": "\(model)", "checkpoint": \(checkpoint), "target": {"dataset": "\(target)"}, \(more)}
            """
        let job = try await JobQueue(pool).enqueue("gate", payload: PostgresJSON(text: payload))
        try await worker.runUntilIdle()
        return try await pool.one("SELECT error FROM hone.job_status WHERE id = \(job)", as: String?.self)
    }

    func promote(_ checkpoint: Int64) async throws {
        try await pool.query("SELECT hone.promote('tiny', \(checkpoint))")
    }

    /// Why a checkpoint is quarantined.
    func quarantine(of checkpoint: Int64) async throws -> String {
        try await pool.one(
            "SELECT reason FROM hone.quarantines WHERE checkpoint_id = \(checkpoint) AND released_at IS NULL")
    }

    /// As if a gate had passed it.
    func decide(_ checkpoint: Int64, against active: Int64?) async throws {
        try await pool.execute(
            """
            INSERT INTO hone.gate_decisions (model_id, candidate_id, active_id, passed, evidence, reason)
            SELECT model_id, id, \(active), true, '{}', 'for this test' FROM hone.checkpoints WHERE id = \(checkpoint)
            """)
    }

    func serve(_ checkpoint: Int64) async throws {
        try await decide(checkpoint, against: nil)
        try await promote(checkpoint)
    }
}
