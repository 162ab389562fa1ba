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
    let attempt: JobAttempt

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
}
