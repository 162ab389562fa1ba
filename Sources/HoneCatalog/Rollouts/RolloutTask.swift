import Foundation
public import HoneArtifacts
public import HonePostgres

/// What one roll-out job is to sample, and by which version of the policy.
public struct RolloutTask: Sendable {
    public let training: Int64
    /// The step that will learn from it, counted from 0.
    public let step: Int
    /// Steps that the policy has done which is to sample.
    public let version: Int
    public let chunk: Int
    /// What the training wrote down for its samplers.
    public let asked: PostgresJSON
    /// The version's files in the artifact store; nil when they are removed.
    public let files: [CheckpointFile]?
    /// Of the version's weights.
    public let weights: ArtifactDigest
    private let attempt: JobAttempt

    /// What the job of an attempt is to sample; nil where nobody wants it any more.
    public static func find(_ attempt: JobAttempt, in session: some PostgresSession) async throws -> RolloutTask? {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT training, step, version, chunk, asked, sha256, files FROM hone.rollout_task(\(attempt.job))
                """
            ).named("read a roll-out task"))
        return try rows.first.map { try RolloutTask($0, attempt) }
    }

    private init(_ row: PostgresRow, _ attempt: JobAttempt) throws {
        self.attempt = attempt
        training = try row.decode("training")
        step = Int(try row.decode("step", as: Int32.self))
        version = Int(try row.decode("version", as: Int32.self))
        chunk = Int(try row.decode("chunk", as: Int32.self))
        asked = try row.decode("asked")
        weights = try ArtifactDigest(row: row, column: "sha256")
        files = try row.decode("files", as: PostgresJSON?.self)?.decode()
    }

    /// Records what was sampled, in the transaction that completes the job.
    ///
    /// - Parameters:
    ///   - rollouts: of the whole chunk
    ///   - seconds: what sampling and verifying took
    ///   - transaction: has guarded the job's lease
    /// - Returns: Whether it was wanted; nothing is recorded where it was not, because the training has ended, has gone
    ///   on without it, or has it from another attempt.
    /// - Throws: The database's error.
    public func record(
        _ rollouts: [SampledRollout], seconds: Double, in transaction: PostgresConnection
    ) async throws -> Bool {
        let isWanted: Bool = try await transaction.query(
            PostgresQuery(
                """
                SELECT hone.begin_rollouts(\(attempt.job), \(attempt.fence), \(weights.data), \(seconds)) AS wanted
                """
            ).named("begin to record roll-outs")
        )[0].decode("wanted")
        guard isWanted else { return false }
        let (training, step, chunk) = (training, Int32(step), Int32(chunk))
        try await transaction.copyIn(
            PostgresQuery(
                """
                COPY hone.rollouts (job_id, step, ordinal, chunk, prompt, group_number, token_ids, log_probs,
                    finish_reason) FROM STDIN WITH (FORMAT binary)
                """
            ).named("record roll-outs")
        ) { writer in
            for rollout in rollouts {
                try await writer.writeRow(
                    training, step, Int32(rollout.ordinal), chunk, Int32(rollout.prompt), Int32(rollout.group),
                    rollout.tokens, rollout.logProbs, rollout.finishReason)
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
            for rollout in rollouts {
                let reward = rollout.reward
                try await writer.writeRow(
                    training, step, Int32(rollout.ordinal), "verifier", reward.state, reward.score, reward.reason)
            }
        }
        return true
    }
}
