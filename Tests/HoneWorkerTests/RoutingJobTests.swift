import HoneCatalog
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

@testable import HoneWorker

/// Answers by several paths through the queue, and the router that learns from what became of them.
@Suite(.temporaryDatabase) struct RoutingJobTests {
    private struct Answered: Decodable {
        struct Route: Decodable {
            let path: String
            let confidence: Double?
            let saved: Double
        }

        let text: String
        let routes: [Route]?
    }

    private func run(_ kind: String, _ payload: String, _ floor: GateFloor) async throws -> PostgresJSON {
        let job = try await JobQueue(floor.pool).enqueue(kind, payload: PostgresJSON(text: payload))
        try await floor.worker.runUntilIdle()
        let error: String? = try await floor.pool.one(
            "SELECT error FROM hone.job_status WHERE id = \(job)", as: String?.self)
        try #require(error == nil, "\(error ?? "")")
        return try await floor.pool.one("SELECT result FROM hone.results WHERE job_id = \(job)")
    }

    private func failure(_ kind: String, _ payload: String, _ floor: GateFloor) async throws -> String {
        let job = try await JobQueue(floor.pool).enqueue(kind, payload: PostgresJSON(text: payload))
        try await floor.worker.runUntilIdle()
        return try await floor.pool.one("SELECT error FROM hone.job_status WHERE id = \(job) AND state = 'failed'")
    }

    private struct Trained: Decodable {
        let checkpoint: Int64
        let metrics: [String: Double]
    }

    /// A model of two layers with an exit behind the first.
    private func train(_ floor: GateFloor) async throws -> Int64 {
        let payload = TinyModel.training(steps: 120, checkpointEvery: 1000, dataset: "twos")
            .replacing(#""num_hidden_layers": 1"#, with: #""num_hidden_layers": 2"#)
            .replacing(#""seed": 7"#, with: #""seed": 7, "learning_rate": 0.02, "early_exit": {"layer": 1}"#)
        return try await run("train.sft", payload, floor).decode(Trained.self).checkpoint
    }

    private func sample(_ checkpoint: Int64, routing: String, _ floor: GateFloor) async throws {
        _ = try await run(
            "sample",
            """
            {"checkpoint": \(checkpoint), "dataset": "twos", "samples": 1, "temperature": 0, "max_new_tokens": 8
             \(routing)}
            """, floor)
    }

    private func router(_ checkpoint: Int64) -> String {
        """
        {"dataset": "twos", "model": "tiny", "initial_checkpoint": \(checkpoint), "checkpoint_every": 5,
         "configuration": {"steps": 12, "width": 8}}
        """
    }

    @Test(.timeLimit(.minutes(4))) func aRouterLearnsFromVerdictsAndServes() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let base = try await train(floor)
        try await sample(base, routing: "", floor)
        #expect(try await failure("train.router", router(base), floor).contains("both the shallow and the deep path"))
        try await sample(base, routing: #", "routing": {"mode": "shallow"}"#, floor)
        let recorded: Int = try await floor.pool.one(
            """
            SELECT count(*) FROM hone.sample_routes
            WHERE mode = 'fixed' AND path = 'shallow' AND confidence IS NULL AND 2 * computed = deep
            """)
        #expect(recorded == 40)

        let trained = try await run("train.router", router(base), floor).decode(Trained.self)
        #expect(trained.metrics["held_out"] == 8 && trained.metrics["shallow_calibration_error"] != nil)
        let same: Int = try await floor.pool.one(
            """
            SELECT count(*) FROM hone.checkpoint_files a JOIN hone.checkpoint_files b USING (path, sha256)
            WHERE a.checkpoint_id = \(base) AND b.checkpoint_id = \(trained.checkpoint)
                AND path IN ('model.safetensors', 'early_exit.safetensors')
            """)
        #expect(same == 2, "a new router changes neither weights nor exit")
        let entries = try await Checkpoints.lineage(of: trained.checkpoint, in: floor.pool)
        #expect(entries.map(\.checkpoint) == [trained.checkpoint, base])
        let verdicts: Int = try await floor.pool.one(
            """
            SELECT (dataset_cut -> 'verdicts' ->> 'count')::bigint FROM hone.checkpoints
            WHERE id = \(trained.checkpoint)
            """)
        #expect(verdicts == 80)
        #expect(try await DataCut.behind(trained.checkpoint, in: floor.pool).count == 1, "verdicts are no examples")

        try await floor.serve(trained.checkpoint)
        try await answer(floor, trained.checkpoint)
        // What it answered since counts for the next, though it has another id.
        try await sample(trained.checkpoint, routing: #", "routing": {"mode": "lossy", "cost": 9}"#, floor)
        let next = try await run("train.router", router(trained.checkpoint), floor).decode(Trained.self)
        let more: Int = try await floor.pool.one(
            """
            SELECT (dataset_cut -> 'verdicts' ->> 'count')::bigint FROM hone.checkpoints WHERE id = \(next.checkpoint)
            """)
        #expect(more == 120)
    }

    private func answer(_ floor: GateFloor, _ checkpoint: Int64) async throws {
        func ask(_ routing: String) async throws -> Answered {
            try await run(
                "reason", #"{"prompt": "7+twos=?", "answer": "2", "max_new_tokens": 8\#(routing)}"#, floor
            ).decode(Answered.self)
        }
        let plain = try await ask("")
        #expect(plain.routes == nil)
        let lossless = try await ask(#", "routing": {"mode": "lossless", "draft": 3}"#)
        #expect(lossless.text == plain.text && lossless.routes?.map(\.path) == ["deep"])
        let cheap = try await ask(#", "routing": {"mode": "lossy", "cost": 9}"#)
        let route = try #require(cheap.routes?.first)
        #expect(route.path == "shallow" && route.saved > 0)
        #expect(try #require(route.confidence) > 0)
        let searched = try await ask(#", "routing": {"mode": "search", "search_samples": 3}"#)
        #expect(try #require(searched.routes?.first).saved < 0)
        let rows = try await floor.pool.query(
            """
            SELECT mode, path, verified FROM hone.job_routes r JOIN hone.job_status j ON j.id = r.job_id
            WHERE j.kind = 'reason' ORDER BY job_id
            """
        ).map { try $0.decode(String.self, String.self, Int.self) }
        #expect(rows.map(\.0) == ["lossless", "lossy", "fixed"])
        #expect(rows.map(\.1) == ["deep", "shallow", "search"] && rows.allSatisfy { $0.2 == 1 })
    }

    @Test func whatAModelCannotDoFailsThatJobAlone() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let plain = try await floor.train(on: "twos", steps: 2)
        try await floor.serve(plain)
        let lossy = #"{"prompt": "1+twos=?", "routing": {"mode": "lossy"}, "max_new_tokens": 4}"#
        let lossless = #"{"prompt": "1+twos=?", "routing": {"mode": "lossless", "draft": 0}, "max_new_tokens": 4}"#
        #expect(try await failure("reason", lossy, floor).contains("the checkpoint has no early exit"))
        #expect(try await failure("reason", lossless, floor).contains("draft must be between 1 and 64, is 0"))
        let strange = #"{"prompt": "1", "routing": {"mode": "shallow", "cost": 1}}"#
        #expect(try await failure("reason", strange, floor).contains("is nothing to the mode shallow"))
        let unknown = #"{"prompt": "1", "routing": {"mode": "x"}}"#
        #expect(try await failure("reason", unknown, floor).contains("routing.mode"))
        #expect(try await failure("train.router", router(plain), floor).contains("no verified answers of checkpoint"))
        _ = try await run("reason", #"{"prompt": "1+twos=?", "max_new_tokens": 4}"#, floor)
    }
}
