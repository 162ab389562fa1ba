import Foundation
import HoneArtifacts
import HoneCatalog
import HoneDatasets
import HonePostgres
import HoneTesting
import Testing

@Suite(.temporaryDatabase) struct CheckpointTests {
    @Test func aCheckpointCarriesItsLineageAndItsFiles() async throws {
        let pool = try TemporaryDatabase.current.pool
        let parent = try await record("m", step: 1, in: pool)
        let files = try [("config.json", 2), ("state/model.safetensors", 7)].map { path, byteCount in
            let digest = try #require(ArtifactDigest(bytes: [UInt8](repeating: UInt8(byteCount), count: 32)))
            return CheckpointFile(path: path, artifact: Artifact(sha256: digest, byteCount: byteCount))
        }
        var new = NewCheckpoint(
            model: "m", step: 20, config: PostgresJSON(text: #"{"hidden_size": 64}"#), files: files.reversed())
        new.parent = parent
        new.metrics = PostgresJSON(text: #"{"loss": 0.25}"#)
        new.attempt = JobAttempt(job: 7, fence: 8)
        new.seed = 3
        new.codeVersion = "abc"
        let cut = try await cutOfOneExample(in: pool)
        new.data = .cut(cut)
        let id = try await pool.withTransaction { [new] in try await Checkpoints.record(new, in: $0) }

        #expect(try await Checkpoints.find(id, of: "m", in: pool) == id)
        let found = try await Checkpoints.list(of: "m", limit: 1, in: pool)[0]
        #expect((found.id, found.parent) == (id, parent))
        #expect((found.step, found.seed, found.job, found.codeVersion) == (20, 3, 7, "abc"))
        #expect(found.metrics == .object(["loss": .number(0.25)]))
        #expect(try await Checkpoints.files(of: id, in: pool) == files)
        let row = try await pool.query("SELECT config, dataset_cut FROM hone.checkpoints WHERE id = \(id)")[0]
        #expect(try row.decode("config", as: PostgresJSON.self).decode() == ["hidden_size": 64])
        #expect(try row.decode("dataset_cut", as: PostgresJSON.self).decode() == cut)
        #expect(
            try await pool.query("SELECT media_type FROM hone.artifacts ORDER BY byte_count")
                .map { try $0.decode("media_type", as: String.self) }
                == ["application/json", "application/octet-stream"])
    }

    @Test func aCheckpointIsFoundByItsModelAndTheActiveOneFirst() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await served("m", 1, in: pool) + [try await record("m", step: 2, in: pool)]
        let other = try await record("other", step: 1, in: pool)
        #expect(try await Checkpoints.find(nil, of: "m", in: pool) == ids[0])
        #expect(try await Checkpoints.find(ids[1], of: "m", in: pool) == ids[1])
        #expect(try await Checkpoints.find(other, of: "m", in: pool) == nil)
        #expect(try await Checkpoints.find(nil, of: "other", in: pool) == other)
        #expect(try await Checkpoints.find(nil, of: "none", in: pool) == nil)
        await #expect(throws: CatalogError.unknownModel("none")) {
            try await Checkpoints.list(of: "none", limit: 1, in: pool)
        }
    }

    @Test func nothingIsServedBeforeAGatePassed() async throws {
        let pool = try TemporaryDatabase.current.pool
        let first = try await record("m", step: 1, in: pool)
        await expectRefusal { try await Promotions.promote(first, of: "m", in: pool) }
        try await decide("m", first, against: nil, passed: false, in: pool)
        await expectRefusal { try await Promotions.promote(first, of: "m", in: pool) }
        #expect(try await Checkpoints.activeID(of: "m", in: pool) == nil)
        try await decide("m", first, against: nil, passed: true, in: pool)
        try await Promotions.promote(first, of: "m", in: pool)
        #expect(try await Checkpoints.activeID(of: "m", in: pool) == first)
    }

    @Test func aDecisionAgainstWhatWasServedEarlierIsNotEnough() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await served("m", 2, in: pool)
        let third = try await record("m", step: 3, in: pool)
        try await decide("m", third, against: ids[0], passed: true, in: pool)
        await expectRefusal { try await Promotions.promote(third, of: "m", in: pool) }
    }

    @Test func aRollbackGoesBackOneStepAndNoneBeyondTheFirst() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await served("m", 2, in: pool)
        #expect(try await Promotions.rollBack("m", in: pool) == ids[0])
        #expect(try await Checkpoints.activeID(of: "m", in: pool) == ids[0])
        await expectRefusal { try await Promotions.rollBack("m", in: pool) }
        let history = try await pool.query("SELECT kind, checkpoint_id FROM hone.promotions ORDER BY id DESC")
        #expect(try history.map { try $0.decode("kind") } == ["rollback", "promote", "promote"])
        #expect(try history.map { try $0.decode("checkpoint_id") } == [ids[0], ids[1], ids[0]])
        // What was rolled back returns only after a new measurement.
        await expectRefusal { try await Promotions.promote(ids[1], of: "m", in: pool) }
    }

    @Test func aPromotionInATransactionThatRollsBackIsNone() async throws {
        let pool = try TemporaryDatabase.current.pool
        let first = try await record("m", step: 1, in: pool)
        try await decide("m", first, against: nil, passed: true, in: pool)
        await #expect(throws: CancellationError.self) {
            try await pool.withTransaction { connection in
                try await Promotions.promote(first, of: "m", in: connection)
                throw CancellationError()
            }
        }
        #expect(try await Checkpoints.activeID(of: "m", in: pool) == nil)
    }

    @Test func samplesAndEvaluationsKeepEveryField() async throws {
        let pool = try TemporaryDatabase.current.pool
        let checkpoint = try await record("m", step: 1, in: pool)
        let cut = try await cutOfOneExample(in: pool)
        let samples = (0..<1001).map { ordinal in
            NewSample(
                attempt: JobAttempt(job: 5, fence: 6), ordinal: ordinal, checkpoint: checkpoint, prompt: "1+1\n",
                text: "1+1=2\n#### 2", tokenIDs: [49, 43, 49], tokenLogProbs: ordinal == 0 ? [-0.5, -0.25, 0] : nil,
                steps: [.init(text: "1+1=2", ok: true)], answer: "2", finishReason: "stop", verdict: "correct")
        }
        let metrics = PostgresJSON(text: #"{"accuracy": 0.5, "report": {"accuracy": 1}}"#)
        let evaluation = try await pool.withTransaction { connection in
            try await Samples.record(samples, in: connection)
            return try await Evaluations.record(
                metrics, of: checkpoint, on: cut, by: JobAttempt(job: 5, fence: 6), in: connection)
        }
        let rows = try await pool.query(
            """
            SELECT count(*) AS count, min(ordinal)::bigint AS first, max(ordinal)::bigint AS last,
                count(token_log_probs) AS probs, bool_and(steps = '[{"text": "1+1=2", "ok": true}]') AS steps,
                bool_and(token_ids = '{49,43,49}') AS ids
            FROM hone.samples WHERE job_id = 5 AND verdict = 'correct'
            """)
        let (count, first, last, probs, steps, ids) = try rows[0].decode(
            Int.self, Int.self, Int.self, Int.self, Bool.self, Bool.self)
        #expect((count, first, last, probs) == (1001, 0, 1000, 1))
        #expect(steps && ids)
        let found = try #require(try await Evaluations.find(evaluation, in: pool))
        #expect(found.numbers == ["accuracy": 0.5])
        #expect((found.checkpoint, found.dataset, found.split, found.job) == (checkpoint, "d", "test", 5))
        let row = try await pool.query("SELECT metrics FROM hone.evaluations")[0]
        #expect(try row.decode("metrics", as: PostgresJSON.self).decode(JSONValue.self) == metrics.decode())
        #expect(try await Evaluations.find(evaluation + 1, in: pool) == nil)
    }

    @Test func modelsAreListedWithWhatIsServed() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await served("m", 2, in: pool)
        _ = try await record("other", step: 1, in: pool)
        let models = try await Models.list(in: pool)
        #expect(models.map(\.name) == ["m", "other"])
        #expect(models.map(\.activeCheckpoint) == [ids[1], nil])
        #expect(models.map(\.checkpointCount) == [2, 1])
    }
}

// MARK: - Steps of the tests

private func record(_ model: String, step: Int, in pool: PostgresPool) async throws -> Int64 {
    let new = NewCheckpoint(model: model, step: step, config: PostgresJSON(text: "{}"), files: [])
    return try await pool.withTransaction { try await Checkpoints.record(new, in: $0) }
}

private func decide(
    _ model: String, _ candidate: Int64, against active: Int64?, passed: Bool, in pool: PostgresPool
) async throws {
    try await Promotions.record(
        GateDecision(
            model: model, candidate: candidate, active: active, passed: passed, evidence: PostgresJSON(text: "{}"),
            reason: "a test says so"), in: pool)
}

/// So many checkpoints, each promoted after the one before.
private func served(_ model: String, _ count: Int, in pool: PostgresPool) async throws -> [Int64] {
    var ids: [Int64] = []
    for step in 1...count {
        let id = try await record(model, step: step, in: pool)
        try await decide(model, id, against: ids.last, passed: true, in: pool)
        try await Promotions.promote(id, of: model, in: pool)
        ids.append(id)
    }
    return ids
}

private func expectRefusal(_ body: () async throws -> Int64) async {
    let error = await #expect(throws: PostgresError.self) { try await body() }
    #expect(error?.sqlState == "HN007")
}

private func cutOfOneExample(in pool: PostgresPool) async throws -> DataCut {
    try await pool.withTransaction { transaction in
        var examples = [Example(prompt: "p", answer: "a", split: "test")]
        try await Datasets.ingest({ examples.popLast() }, into: "d", in: transaction)
        return try await DataCut.take(dataset: "d", split: "test", from: transaction)
    }
}
