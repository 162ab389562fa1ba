import Foundation
import HoneArtifacts
import HoneCatalog
import HonePostgres
import HoneTesting
import Testing

/// What the database holds to about roll-outs, whatever a trainer does.
@Suite(.temporaryDatabase) struct RolloutTests {
    private let pool: PostgresPool
    private let training: Int64
    private let batches: RolloutBatches

    init() async throws {
        pool = try TemporaryDatabase.current.pool
        training = try await pool.query("SELECT hone.enqueue('train.ppo', '{}') AS job")[0].decode("job")
        batches = RolloutBatches(of: training)
    }

    private func digest(_ number: UInt8) throws -> ArtifactDigest {
        try #require(ArtifactDigest(bytes: [UInt8](repeating: number, count: 32)))
    }

    private func plan(staleness: Int, versions: ClosedRange<Int>) async throws {
        try await pool.withTransaction { transaction in
            try await batches.plan(maximumStaleness: staleness, in: transaction)
            for version in versions { try await publish(version, UInt8(version), in: transaction) }
        }
    }

    @discardableResult private func publish(
        _ version: Int, _ number: UInt8, in transaction: PostgresConnection
    ) async throws -> ArtifactDigest? {
        let weights = try digest(number)
        let file = CheckpointFile(path: "model.safetensors", artifact: Artifact(sha256: weights, byteCount: 1))
        return try await batches.publish(version: version, files: [file], weights: weights, in: transaction)
    }

    private func ask(_ step: Int, by version: Int, chunks: Int = 1) async throws {
        try await pool.withTransaction { transaction in
            try await batches.ask(
                step: step, version: version,
                chunks: [PostgresJSON](repeating: PostgresJSON(text: "{}"), count: chunks), in: transaction)
        }
    }

    /// What a sampler's worker does, but the sampling.
    private func sample(_ chunk: RolloutBatches.Chunk, fence: Int64, answers: Range<Int>) async throws -> Bool {
        let attempt = JobAttempt(job: chunk.sampler, fence: fence)
        guard let task = try await RolloutTask.find(attempt, in: pool) else { return false }
        let rollouts = answers.map { ordinal in
            SampledRollout(
                ordinal: ordinal, prompt: 0, group: 0, tokens: [1, Int32(fence)], logProbs: [-0.5, -1e-7],
                finishReason: "stop", reward: ordinal % 2 == 0 ? .scored(1) : .unscorable(reason: "hung\0up"))
        }
        let sampled = SampledChunk(task: task, rollouts: rollouts, seconds: 1)
        return try await pool.withTransaction { try await SampledChunk.record([sampled], in: $0) } == [true]
    }

    private func take(_ step: Int) async throws -> (version: Int, rollouts: [SampledRollout]) {
        try await pool.withTransaction { try await batches.take(step: step, in: $0) }
    }

    private func expectRefusal(
        _ state: SQLState, naming name: String = "", sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async {
        let error = await #expect(throws: PostgresError.self, sourceLocation: sourceLocation) { try await body() }
        #expect(error?.sqlState == state, sourceLocation: sourceLocation)
        if !name.isEmpty, let error {
            #expect("\(error)".contains(name), sourceLocation: sourceLocation)
        }
    }

    @Test func `T36: a batch older than the bound cannot be asked for, nor the bound be moved`() async throws {
        try await plan(staleness: 1, versions: 0...3)
        try await ask(0, by: 0)
        try await ask(1, by: 0)
        await expectRefusal("23514", naming: "rollout_batches_staleness") { try await ask(2, by: 0) }
        await expectRefusal("23514", naming: "rollout_batches_staleness") { try await ask(2, by: 3) }
        await expectRefusal("HN005") { try await plan(staleness: 2, versions: 4...4) }
        await expectRefusal("23503") {
            try await pool.execute("UPDATE hone.rollout_batches SET max_staleness = 5 WHERE step = 1")
        }
        await expectRefusal("23503") { try await pool.execute("UPDATE hone.rollout_plans SET max_staleness = 5") }
        let stale: Int = try await pool.query("SELECT max(staleness) AS s FROM hone.rollout_status")[0].decode("s")
        #expect(stale == 1)
    }

    @Test func `T37: of any number of attempts at a chunk one records its roll-outs and rewards`() async throws {
        try await plan(staleness: 0, versions: 0...0)
        try await ask(0, by: 0)
        let chunk = try #require(try await batches.chunks(ofStep: 0, in: pool).first)
        let wanted = try await withThrowingTaskGroup(of: Bool.self) { group -> [Bool] in
            for fence in 1...8 { group.addTask { try await sample(chunk, fence: Int64(fence), answers: 0..<20) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(wanted.count { $0 } == 1)
        let taken = try await take(0)
        #expect(taken.rollouts.map(\.ordinal) == Array(0..<20))
        #expect(Set(taken.rollouts.map(\.tokens)).count == 1, "of two attempts")
        #expect(taken.rollouts[0].logProbs == [-0.5, -1e-7])
        #expect(taken.rollouts[0].reward == .scored(1))
        #expect(taken.rollouts[1].reward == .unscorable(reason: "hung\u{FFFD}up"))
        await expectRefusal("23505") {
            try await pool.execute(
                """
                INSERT INTO hone.rollout_rewards SELECT job_id, step, ordinal, scorer, 'scored', 0.5
                FROM hone.rollout_rewards
                """)
        }
    }

    @Test func `T35: no reward is not 0, and the database says so too`() async throws {
        try await plan(staleness: 0, versions: 0...0)
        try await ask(0, by: 0)
        let chunk = try #require(try await batches.chunks(ofStep: 0, in: pool).first)
        #expect(try await sample(chunk, fence: 1, answers: 0..<2))
        await expectRefusal("23514") {
            try await pool.execute("UPDATE hone.rollout_rewards SET score = 0 WHERE state = 'unscorable'")
        }
        await expectRefusal("23514") {
            try await pool.execute("UPDATE hone.rollout_rewards SET score = 'NaN' WHERE state = 'scored'")
        }
    }

    @Test func whatWasTakenStaysAsItWasAndWhatComesLaterIsNotAdded() async throws {
        try await plan(staleness: 0, versions: 0...0)
        try await ask(0, by: 0, chunks: 2)
        let chunks = try await batches.chunks(ofStep: 0, in: pool)
        #expect(try await sample(chunks[0], fence: 1, answers: 0..<4))
        let taken = try await take(0)
        #expect(taken.rollouts.count == 4)
        #expect(try await !sample(chunks[1], fence: 2, answers: 4..<8))
        #expect(try await take(0).rollouts == taken.rollouts)
    }

    @Test func aVersionThatComesOutWithOtherBitsTakesWithItWhatNobodyHasTaken() async throws {
        try await plan(staleness: 1, versions: 0...0)
        try await ask(0, by: 0)
        try await ask(1, by: 0)
        let (first, second) = (
            try await batches.chunks(ofStep: 0, in: pool)[0], try await batches.chunks(ofStep: 1, in: pool)[0]
        )
        #expect(try await sample(first, fence: 1, answers: 0..<4))
        #expect(try await take(0).rollouts.count == 4)
        #expect(try await pool.withTransaction { try await publish(0, 0, in: $0) } == nil)
        #expect(try await batches.known(among: 0..<2, in: pool) == [0, 1])
        #expect(try await pool.withTransaction { try await publish(0, 9, in: $0) } == digest(0))
        #expect(try await batches.known(among: 0..<2, in: pool) == [0])
        #expect(try await !sample(second, fence: 2, answers: 0..<4))
        let state: String = try await pool.query(
            "SELECT state FROM hone.job_status WHERE id = \(second.sampler)")[0].decode("state")
        #expect(state == "cancelled")
    }

    @Test func aVersionIsRetiredWhenNobodyCanAskForIt() async throws {
        try await plan(staleness: 1, versions: 0...0)
        try await ask(0, by: 0)
        try await ask(1, by: 0)
        func retired() async throws -> [ArtifactDigest] {
            try await pool.withTransaction { try await batches.retire(in: $0) }
        }
        _ = try await pool.withTransaction { try await publish(1, 1, in: $0) }
        #expect(try await retired() == [])
        for step in 0...1 {
            let chunk = try await batches.chunks(ofStep: step, in: pool)[0]
            #expect(try await sample(chunk, fence: 1, answers: 0..<4))
        }
        #expect(try await retired() == [digest(0)])
        #expect(try await retired() == [])
    }

    /// Steps 0 to 7, three steps ahead, with resume points after 2 and 6.
    @Test func whatAnAttemptFromAResumePointWouldTakeIsNotForgotten() async throws {
        try await plan(staleness: 2, versions: 0...6)
        for step in 0...7 {
            try await ask(step, by: max(0, step - 2))
            _ = try await take(step)
        }
        try await pool.execute(
            """
            INSERT INTO hone.job_checkpoints (job_id, name, ordinal, fence, state)
            SELECT \(training), 'train', n, 1, '{}' FROM unnest('{2,6}'::bigint[]) n
            """)
        try await pool.withTransaction { try await batches.forget(in: $0) }
        #expect(try await batches.known(among: 0..<9, in: pool) == [2, 3, 6, 7])
    }

    @Test func aTrainingThatEndsTakesItsRolloutJobsWithItAndARetryAsksForThemAgain() async throws {
        try await plan(staleness: 0, versions: 0...0)
        try await ask(0, by: 0, chunks: 3)
        let chunks = try await batches.chunks(ofStep: 0, in: pool)
        #expect(try await sample(chunks[0], fence: 1, answers: 0..<4))
        try await pool.query("SELECT hone.cancel(\(training))")
        #expect(try await batches.chunks(ofStep: 0, in: pool).map(\.state) == [.sampled, .failed, .failed])
        try await pool.query("SELECT hone.retry(\(training))")
        try await plan(staleness: 0, versions: 0...0)
        let again = try await batches.chunks(ofStep: 0, in: pool)
        #expect(again.map(\.state) == [.sampled, .waiting, .waiting])
        #expect(again[1].sampler > chunks[2].sampler)
        #expect(try await !sample(chunks[1], fence: 2, answers: 4..<8), "its job was cancelled")
        #expect(try await sample(again[1], fence: 3, answers: 4..<8))
    }

    @Test func rolloutJobsAreAsUrgentAsTheirTrainingAndInItsQueue() async throws {
        let slow: Int64 = try await pool.query(
            "SELECT hone.enqueue('train.ppo', '{}', queue => 'slow', priority => 7) AS job")[0].decode("job")
        let own = RolloutBatches(of: slow)
        try await pool.withTransaction { transaction in
            try await own.plan(maximumStaleness: 0, in: transaction)
            let file = CheckpointFile(path: "w", artifact: Artifact(sha256: try digest(1), byteCount: 1))
            _ = try await own.publish(version: 0, files: [file], weights: try digest(1), in: transaction)
            try await own.ask(step: 0, version: 0, chunks: [PostgresJSON(text: "{}")], in: transaction)
        }
        let rows = try await pool.query(
            "SELECT queue, priority FROM hone.job_status WHERE kind = 'rollout' AND state = 'available'")
        #expect(try rows.map { try $0.decode("queue", as: String.self) } == ["slow"])
        #expect(try rows.map { try $0.decode("priority", as: Int16.self) } == [7])
    }
}
