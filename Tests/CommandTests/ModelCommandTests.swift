import HonePostgres
import HoneTesting
import Testing

private struct Served: Decodable {
    let checkpoint: Int64
    let canary: Int64?
    let canaryPercent: Int?
}

private struct Shown: Decodable {
    let id: Int64
    let active: Bool
    let canaryPercent: Int?
    let quarantine: String?
}

@Suite(.temporaryDatabase) struct ModelCommandTests {
    @Test func aCandidateGoesFromQuarantineToCanaryToActiveAndBack() async throws {
        let (url, pool) = (try TemporaryDatabase.current.url, try TemporaryDatabase.current.pool)
        try await makeLine(in: pool)
        let blocked = try await HoneProgram.run(
            "model", "quarantine", "m@2", "--reason", "answers in French", database: url)
        #expect(blocked.output == "checkpoint 2 of model m is quarantined\n", "\(blocked.errors)")
        try await HoneProgram.run("model", "promote", "m@2", database: url)
            .expectFailure(saying: "checkpoint 2 is quarantined: answers in French", "hone model release")
        let shown = try await HoneProgram.run("model", "show", "m", "--json", database: url).rows(Shown.self)
        #expect(shown.map(\.quarantine) == ["answers in French", nil])
        let released = try await HoneProgram.run(
            "model", "release", "m@2", "--reason", "so did the question", database: url)
        #expect(released.output == "checkpoint 2 of model m is released\n", "\(released.errors)")

        let canary = try await HoneProgram.run("model", "promote", "m@2", "--canary", "10", database: url)
        #expect(canary.output == "model m serves checkpoint 1; checkpoint 2 answers 10 % of its jobs\n")
        let beside = try await HoneProgram.run("model", "show", "m", "--json", database: url).rows(Shown.self)
        #expect(beside.map(\.canaryPercent) == [10, nil] && beside.map(\.active) == [false, true])
        let promoted = try await HoneProgram.run("model", "promote", "m", "--checkpoint", "2", "--json", database: url)
        let served = try #require(try promoted.rows(Served.self).first)
        #expect(served.checkpoint == 2 && served.canary == nil)
        let back = try await HoneProgram.run("model", "rollback", "m", database: url)
        #expect(back.output == "model m serves checkpoint 1\n")
    }

    @Test func aLineageNamesTheParentTheDataAndTheDecisions() async throws {
        let (url, pool) = (try TemporaryDatabase.current.url, try TemporaryDatabase.current.pool)
        try await makeLine(in: pool)
        let text = try await HoneProgram.run("model", "lineage", "m@2", database: url)
        for words in [
            "checkpoint 2 of model m\n", "checkpoint 1 of model m, its ancestor 1\n", "7 examples of d, split train",
            "passed, against 1, good enough", "by ",
        ] {
            #expect(text.output.contains(words), "\(text.output)")
        }
        let rows = try await HoneProgram.run("model", "lineage", "m", "--json", database: url)
        #expect(rows.lines.count == 1, "what is served comes first: checkpoint 1, which has no parent")
        try await HoneProgram.run("model", "lineage", "m@9", database: url)
            .expectFailure(saying: "there is no model m@9")
    }

    /// Checkpoint 1 is served; 2, its child, has passed its gate.
    private func makeLine(in pool: PostgresPool) async throws {
        for statement in [
            "INSERT INTO hone.models (name) VALUES ('m')",
            """
            INSERT INTO hone.checkpoints (model_id, parent_id, step, config, dataset_cut)
            VALUES (1, NULL, 1, '{}', NULL),
                (1, 1, 2, '{}', '{"dataset": "d", "split": "train", "ids": "{[1,8)}", "count": 7, "sha256": "ab"}')
            """,
            """
            INSERT INTO hone.gate_decisions (model_id, candidate_id, active_id, passed, evidence, reason)
            VALUES (1, 1, NULL, true, '{}', 'the first'), (1, 2, 1, true, '{}', 'good enough')
            """,
            "SELECT hone.promote('m', 1)",
        ] {
            try await pool.query(PostgresQuery(unsafeSQL: statement))
        }
    }
}
