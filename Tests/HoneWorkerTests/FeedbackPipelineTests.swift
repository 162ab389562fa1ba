import Foundation
import HoneDatasets
import HonePipeline
import HonePostgres
import HoneTesting
import Testing

/// `Pipelines/feedback.yaml` itself, with so few steps that nothing is learnt: from no data at all to the gate's word.
@Suite(.temporaryDatabase) struct FeedbackPipelineTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Pipelines/feedback.yaml")

    private func start(in pool: PostgresPool) async throws -> Int64 {
        let definition = try PipelineDefinition(file: Self.file)
        return try await pool.withTransaction { transaction in
            _ = try await PipelineRuns.register(definition, in: transaction)
            return try await PipelineRuns.start(
                definition.name,
                params: [
                    "train_count": .array([.integer(60), .integer(60)]),
                    "test_count": .array([.integer(5), .integer(5)]), "policy_steps": .integer(40),
                    "labelled_prompts": .integer(60), "reward_steps": .integer(2), "ppo_steps": .integer(1),
                    "prompts_per_step": .integer(16), "gate_prompts": .integer(20), "guard_prompts": .integer(20),
                    "minimum_accuracy": .integer(0),
                ], codeVersion: "test", in: transaction)
        }
    }

    @Test(.timeLimit(.minutes(4))) func everyStageFeedsTheNextAndWhatIsNoBetterIsNotServed() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let pool = database.pool
        let run = try await start(in: pool)
        try await worker.runUntilIdle()
        let rows = try await pool.query(
            "SELECT stage, state, error FROM hone.job_status WHERE run_id = \(run) ORDER BY id")
        let states = try rows.map { try $0.decode(String.self, String.self, String?.self) }
        #expect(
            states.filter { $0.1 != "succeeded" }.map { "\($0.0) \($0.1)" } == ["gate failed", "promote cancelled"],
            "\(states)")
        #expect(states.first { $0.0 == "gate" }?.2?.contains("not shown to be better than the active") == true)

        let (first, candidate) = try await pool.query(
            "SELECT active_id, candidate_id FROM hone.gate_decisions ORDER BY id DESC LIMIT 1")[0]
            .decode(Int64.self, Int64.self)
        #expect(
            try await pool.one(
                "SELECT checkpoint_id FROM hone.active_checkpoints WHERE model = 'feedback-reasoner'") == first)
        let ancestors: Int = try await pool.one(
            "SELECT count(*) FROM hone.lineage(\(candidate))")
        #expect(ancestors == 3, "the policy, the first reasoner, and the reward model that came of it")
        let labellers: [String] = try await pool.query(
            "SELECT DISTINCT source FROM hone.lineage_labels(\(candidate))"
        ).map { try $0.decode("source") }
        #expect(labellers == ["simulated"])
    }
}
