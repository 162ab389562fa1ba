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
        try await withFolder { folder in
            let store = try ArtifactStore(root: folder.appending(path: "store"))
            let made = folder.appending(path: "made")
            try write("{}", to: made.appending(path: "config.json"))
            try write("weights", to: made.appending(path: "state/model.safetensors"))
            let parent = try await record("m", step: 1, in: pool)
            _ = try await pool.withTransaction {
                try await Datasets.ingest([Example(prompt: "p", answer: "a")], into: "d", in: $0)
            }
            var new = NewCheckpoint(
                model: "m", step: 20, config: .object(["hidden_size": .integer(64)]),
                files: try CheckpointFile.storing(directory: made, in: store))
            new.parent = parent
            new.metrics = .object(["loss": .number(0.25)])
            new.attempt = JobAttempt(job: 7, fence: 8)
            new.seed = 3
            new.codeVersion = "abc"
            new.cut = try await Datasets.cut("d", in: pool)
            let id = try await pool.withTransaction { [new] in try await Checkpoints.record(new, in: $0) }

            let found = try await Checkpoints.find(CheckpointReference("m@\(id)"), in: pool)
            #expect(found.parent == parent)
            #expect(found.cut == new.cut)
            #expect((found.step, found.seed, found.job, found.codeVersion) == (20, 3, 7, "abc"))
            #expect(found.metrics == new.metrics)
            #expect(found.files == new.files)
            #expect(found.files.map(\.path) == ["config.json", "state/model.safetensors"])

            let out = folder.appending(path: "out")
            try found.materialize(in: out, from: store)
            #expect(
                try String(contentsOf: out.appending(path: "state/model.safetensors"), encoding: .utf8) == "weights")
        }
    }

    @Test func nothingIsServedBeforeAGatePassed() async throws {
        let pool = try TemporaryDatabase.current.pool
        let first = try await record("m", step: 1, in: pool)
        await expectRefusal { try await Promotions.promote(first, of: "m", in: pool) }
        try await decide("m", first, against: nil, passed: false, in: pool)
        await expectRefusal { try await Promotions.promote(first, of: "m", in: pool) }
        await #expect(throws: CatalogError.notActive(model: "m")) {
            try await Checkpoints.find(CheckpointReference("m"), in: pool)
        }
        try await decide("m", first, against: nil, passed: true, in: pool)
        try await Promotions.promote(first, of: "m", in: pool)
        #expect(try await Checkpoints.active(of: "m", in: pool)?.id == first)
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
        let history = try await Promotions.history(of: "m", in: pool)
        #expect(history.map(\.kind) == ["rollback", "promote", "promote"])
        #expect(history.map(\.checkpoint) == [ids[0], ids[1], ids[0]])
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
        _ = try await pool.withTransaction {
            try await Datasets.ingest([Example(prompt: "p", answer: "a", split: "test")], into: "d", in: $0)
        }
        let cut = try await Datasets.cut("d", split: "test", in: pool)
        let samples = (0..<1001).map { ordinal in
            NewSample(
                attempt: JobAttempt(job: 5, fence: 6), ordinal: ordinal, checkpoint: checkpoint, prompt: "1+1\n",
                text: "1+1=2\n#### 2", tokenIDs: [49, 43, 49], tokenLogProbs: ordinal == 0 ? [-0.5, -0.25, 0] : nil,
                steps: [.init(text: "1+1=2", ok: true)], answer: "2", finishReason: "stop", verdict: "correct")
        }
        let metrics = JSONValue.object(["accuracy": .number(0.5)])
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
        let found = try await Evaluations.find(evaluation, in: pool)
        #expect(found?.metrics == metrics)
        #expect(found?.dataset == "d")
        #expect(try await Evaluations.list(of: checkpoint, in: pool).map(\.id) == [evaluation])
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

    @Test(arguments: ["", "@7", "m@", "m@x", "m@1@2"]) func aReferenceThatNamesNothingIsRefused(_ text: String) {
        #expect(throws: CatalogError.badReference(text)) { try CheckpointReference(text) }
    }
}

// MARK: - Steps of the tests

private func record(_ model: String, step: Int64, in pool: PostgresPool) async throws -> Int64 {
    let new = NewCheckpoint(model: model, step: step, config: .object([:]), files: [])
    return try await pool.withTransaction { try await Checkpoints.record(new, in: $0) }
}

private func decide(
    _ model: String, _ candidate: Int64, against active: Int64?, passed: Bool, in pool: PostgresPool
) async throws {
    try await Promotions.record(
        GateDecision(
            model: model, candidate: candidate, active: active, passed: passed, evidence: .object([:]),
            reason: "a test says so"), in: pool)
}

/// So many checkpoints, each promoted after the one before.
private func served(_ model: String, _ count: Int64, in pool: PostgresPool) async throws -> [Int64] {
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

private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hone-catalog-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
}

private func write(_ text: String, to file: URL) throws {
    try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
}
