import Foundation
public import HoneArtifacts
public import HonePostgres

/// What a training has sampled by the fleet, step by step. Steps and versions count the steps done, from 0.
///
/// What writes does so in a transaction that has guarded the training's lease.
public struct RolloutBatches: Sendable {
    /// The training's job.
    public let training: Int64

    public init(of training: Int64) {
        self.training = training
    }

    /// A part of a batch, which one job samples.
    public struct Chunk: Sendable {
        public enum State: String, Sendable {
            case waiting, running, sampled
            /// Its job ended and left no answers.
            case failed
        }

        public let number: Int
        /// The job.
        public let sampler: Int64
        public let state: State
        /// What sampling and verifying took.
        public let seconds: Double?
        /// Why its job failed.
        public let error: String?

        /// Whether answers may come yet.
        public var isOpen: Bool { state == .waiting || state == .running }
    }

    /// Says how many steps old an answer may be; it cannot be said otherwise later.
    public func plan(maximumStaleness: Int, in transaction: PostgresConnection) async throws {
        try await transaction.query(
            PostgresQuery("SELECT hone.plan_rollouts(\(training), \(Int32(maximumStaleness)))")
                .named("plan roll-outs"))
        try await transaction.query(
            PostgresQuery("SELECT hone.ask_again(\(training))").named("ask again for cancelled roll-outs"))
    }

    /// Which of the steps have a batch.
    public func known(among steps: Range<Int>, in session: some PostgresSession) async throws -> Set<Int> {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT step FROM hone.rollout_batches
                WHERE job_id = \(training) AND step >= \(Int32(steps.lowerBound)) AND step < \(Int32(steps.upperBound))
                """
            ).named("find batches of roll-outs"))
        return Set(try rows.map { Int(try $0.decode("step", as: Int32.self)) })
    }

    /// Publishes a version of the policy, whose files are in the store.
    /// - Returns: The weights that it had before, if they were others: a step that is done again on another kind of
    ///   machine may come out so. What these sampled, and nobody has taken, is dropped.
    public func publish(
        version: Int, files: [CheckpointFile], weights: ArtifactDigest, in transaction: PostgresConnection
    ) async throws -> ArtifactDigest? {
        let listed = try PostgresJSON(encoding: files)
        let former = try await transaction.query(
            PostgresQuery(
                """
                SELECT hone.publish_policy(
                    \(training), \(Int32(version)), \(weights.data), \(listed)) AS former
                """
            ).named("publish a policy")
        )[0].decode("former", as: Data?.self)
        return former.flatMap { ArtifactDigest(bytes: $0) }
    }

    /// Makes the batch of a step, to be sampled by a version, a job for each element of `chunks`.
    /// - Throws: The server's refusal of a version that is too old, by the constraint `rollout_batches_staleness`.
    public func ask(
        step: Int, version: Int, chunks: [PostgresJSON], in transaction: PostgresConnection
    ) async throws {
        try await transaction.query(
            PostgresQuery(
                "SELECT hone.ask_rollouts(\(training), \(Int32(step)), \(Int32(version)), \(chunks))"
            ).named("ask for roll-outs"))
    }

    /// How far the batch of a step is.
    public func chunks(ofStep step: Int, in session: some PostgresSession) async throws -> [Chunk] {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT chunk, sampler_id, state, seconds, error
                FROM hone.rollout_states(\(training), \(Int32(step)))
                """
            ).named("look after roll-outs"))
        return try rows.map { row in
            guard let state = Chunk.State(rawValue: try row.decode("state")) else {
                preconditionFailure("a chunk of roll-outs is in an unknown state")
            }
            return Chunk(
                number: Int(try row.decode("chunk", as: Int32.self)), sampler: try row.decode("sampler_id"),
                state: state, seconds: try row.decode("seconds"), error: try row.decode("error"))
        }
    }

    /// Takes the batch of a step, in the order in which its answers were asked for. Every attempt takes the same.
    public func take(
        step: Int, in transaction: PostgresConnection
    ) async throws -> (version: Int, rollouts: [SampledRollout]) {
        let rows = try await transaction.query(
            PostgresQuery("SELECT * FROM hone.take_rollouts(\(training), \(Int32(step)))").named("take roll-outs"))
        let version = try rows.first.map { Int(try $0.decode("version", as: Int32.self)) } ?? step
        return (version, try rows.map { try SampledRollout($0) })
    }

    /// Drops what no attempt can need any more, given the training's resume points.
    public func forget(in transaction: PostgresConnection) async throws {
        try await transaction.query(
            PostgresQuery("SELECT hone.forget_rollouts(\(training))").named("forget roll-outs"))
    }

    /// Strikes off the versions that nobody can ask for any more.
    /// - Returns: Their weights, whose files are to be removed before the transaction ends: while it holds the lease,
    ///   no other attempt can publish the same again.
    public func retire(in transaction: PostgresConnection) async throws -> [ArtifactDigest] {
        try Self.digests(
            await transaction.query(
                PostgresQuery("SELECT hone.retire_policies(\(training)) AS sha256").named("retire policies")))
    }

    /// Drops everything at the end of the training, but the record of its versions.
    /// - Returns: Weights, as of ``retire(in:)``.
    public func close(in transaction: PostgresConnection) async throws -> [ArtifactDigest] {
        try Self.digests(
            await transaction.query(
                PostgresQuery("SELECT hone.close_rollouts(\(training)) AS sha256").named("close roll-outs")))
    }

    private static func digests(_ rows: [PostgresRow]) throws -> [ArtifactDigest] {
        try rows.map { try ArtifactDigest(row: $0, column: "sha256") }
    }
}

extension ArtifactDigest {
    init(row: PostgresRow, column: String) throws {
        guard let digest = ArtifactDigest(bytes: try row.decode(column, as: Data.self)) else {
            preconditionFailure("a checksum in the catalog is not 32 bytes")
        }
        self = digest
    }

    var data: Data { Data(bytes) }
}
