import Foundation
public import HonePostgres

/// What one roll-out job sampled.
public struct SampledChunk: Sendable {
    public let task: RolloutTask
    /// Of the whole chunk.
    public let rollouts: [SampledRollout]
    /// What sampling and verifying took.
    public let seconds: Double

    /// The job that it is sampled for.
    public var job: Int64 { task.attempt.job }

    public init(task: RolloutTask, rollouts: [SampledRollout], seconds: Double) {
        self.task = task
        self.rollouts = rollouts
        self.seconds = seconds
    }

    /// Records chunks in the transaction that completes their jobs.
    ///
    /// - Parameters:
    ///   - chunks: of one training or of several
    ///   - transaction: has guarded the jobs' leases
    /// - Returns: Which of them were wanted; nothing is recorded of one that was not, because its training has ended,
    ///   has gone on without it, or has it from another attempt.
    /// - Throws: The database's error.
    public static func record(
        _ chunks: [SampledChunk], in transaction: PostgresConnection
    ) async throws -> [Bool] {
        let tasks = chunks.map(\.task)
        let areWanted = try await transaction.query(
            PostgresQuery(
                """
                SELECT hone.begin_rollouts(c.sampler, c.fence, c.sha256, c.seconds) AS wanted
                FROM unnest(\(tasks.map(\.attempt.job)), \(tasks.map(\.attempt.fence)), \(tasks.map(\.weights.data)),
                    \(chunks.map(\.seconds))) WITH ORDINALITY AS c(sampler, fence, sha256, seconds, number)
                ORDER BY c.number
                """
            ).named("begin to record roll-outs")
        ).map { try $0.decode("wanted", as: Bool.self) }
        let wanted = zip(chunks, areWanted).filter(\.1).map(\.0)
        guard !wanted.isEmpty else { return areWanted }
        try await transaction.copyIn(
            PostgresQuery(
                """
                COPY hone.rollouts (job_id, step, ordinal, chunk, prompt, group_number, token_ids, log_probs,
                    finish_reason) FROM STDIN WITH (FORMAT binary)
                """
            ).named("record roll-outs")
        ) { writer in
            for chunk in wanted {
                for rollout in chunk.rollouts {
                    try await writer.writeRow(
                        chunk.task.training, Int32(chunk.task.step), Int32(rollout.ordinal), Int32(chunk.task.chunk),
                        Int32(rollout.prompt), Int32(rollout.group), rollout.tokens, rollout.logProbs,
                        rollout.finishReason)
                }
            }
        }
        try await transaction.copyIn(
            PostgresQuery(
                """
                COPY hone.rollout_rewards (job_id, step, ordinal, scorer, state, score, reason)
                FROM STDIN WITH (FORMAT binary)
                """
            ).named("record rewards of roll-outs")
        ) { writer in
            for chunk in wanted {
                for rollout in chunk.rollouts {
                    let reward = rollout.reward
                    try await writer.writeRow(
                        chunk.task.training, Int32(chunk.task.step), Int32(rollout.ordinal), "verifier", reward.state,
                        reward.score, reward.reason)
                }
            }
        }
        return areWanted
    }
}
