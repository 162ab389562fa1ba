import Foundation
import HoneDatasets
import HonePipeline
import HonePostgres
import HoneTesting
import Testing

/// `Pipelines/continual-feedback.yaml` itself, from what arrived to the gate, whose guards are too small to pass.
@Suite(.temporaryDatabase) struct ContinualFeedbackTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Pipelines/continual-feedback.yaml")

    @Test(.timeLimit(.minutes(4))) func whatArrivedIsLearntJudgedAndRewardedAndWhatIsNoBetterIsNotServed() async throws
    {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let pool = floor.pool
        let served = try await floor.train(on: "twos", steps: 250)
        try await floor.serve(served)
        let definition = try PipelineDefinition(file: Self.file)
        let run = try await pool.withTransaction { transaction in
            _ = try await PipelineRuns.register(definition, in: transaction)
            return try await PipelineRuns.start(
                definition.name,
                params: [
                    "model": .string("tiny"), "judge": .string("tiny-judge"), "dataset": .string("threes"),
                    "steps": .integer(50), "labelled_prompts": .integer(40), "answers_per_prompt": .integer(2),
                    "reward_steps": .integer(2), "ppo_steps": .integer(1), "prompts_per_step": .integer(8),
                    "guard_count": .integer(10), "arithmetic_guard_count": .integer(10),
                ], codeVersion: "test", in: transaction)
        }
        try await floor.worker.runUntilIdle()
        let rows = try await pool.query(
            "SELECT stage, state, error FROM hone.job_status WHERE run_id = \(run) ORDER BY id")
        let states = try rows.map { try $0.decode(String.self, String.self, String?.self) }
        #expect(
            states.filter { $0.1 != "succeeded" }.map { "\($0.0) \($0.1)" } == ["gate failed", "promote cancelled"],
            "\(states)")
        let active: Int64 = try await pool.one(
            "SELECT checkpoint_id FROM hone.active_checkpoints WHERE model = 'tiny'")
        #expect(active == served)
        let seen: Int = try await pool.one(
            """
            SELECT count(DISTINCT s.example_id) FROM hone.samples s JOIN hone.examples e ON e.id = s.example_id
            JOIN hone.datasets d ON d.id = e.dataset_id WHERE d.name = 'threes' AND e.split = 'train'
            """)
        #expect(seen == 40, "the answers are to what arrived")
    }
}
