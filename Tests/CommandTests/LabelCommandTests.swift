import Foundation
import HonePostgres
import HoneTesting
import Testing

private struct Question: Decodable {
    let job: Int64
    let fence: Int64
    let kind: String
}

private struct Report: Decodable {
    let labelCount: Int
}

/// `hone label`, word by word and key by key.
@Suite(.temporaryDatabase) struct LabelCommandTests {
    /// Two questions with two answers each, and tasks of that kind about them.
    private func ask(_ kind: String, wanted: Int = 1) async throws -> String {
        let database = try TemporaryDatabase.current
        for statement: PostgresQuery in [
            "INSERT INTO hone.models (name) VALUES ('m')",
            "INSERT INTO hone.checkpoints (model_id, step, config) SELECT id, 1, '{}' FROM hone.models",
            """
            INSERT INTO hone.samples (
                job_id, fence, ordinal, checkpoint_id, prompt, text, token_ids, steps, finish_reason)
            SELECT q, 1, k, c.id, format('question %s?', q), format(E'step\\x1b[31m %s of %s', k, q), '{1}',
                '[{"text": "one"}, {"text": "two"}]', 'stop'
            FROM hone.checkpoints c, generate_series(1, 2) q, generate_series(1, 2) k
            """,
        ] {
            try await database.pool.execute(statement)
        }
        let created = try await HoneProgram.run(
            "label", "create", kind, "--checkpoint", "1", "--wanted", "\(wanted)", database: database.url)
        #expect(created.status == 0, "\(created.errors)")
        return database.url
    }

    @Test func aSlotIsTakenAnsweredAndCounted() async throws {
        let url = try await ask("preference")
        let next = try await HoneProgram.run("label", "next", "--as", "anna", "--json", database: url)
        let question = try #require(try next.rows(Question.self).first)
        #expect(question.kind == "preference" && !next.output.contains("checkpoint"))
        let slot = ["\(question.job)", "--fence", "\(question.fence)"]
        let words = ["label", "submit"] + slot + ["--prefer", "left", "--strength", "3"]
        let first = try await HoneProgram.run(words: words, database: url)
        let second = try await HoneProgram.run(words: words, database: url)
        #expect(first.status == 0 && first.output == second.output, "\(first.errors)")
        try await HoneProgram.run(
            words: ["label", "submit"] + slot + ["--prefer", "right"], database: url
        ).expectFailure(saying: "lease lost", "undo")
        let undone = try await HoneProgram.run("label", "undo", "--as", "anna", "--json", database: url)
        let again = try #require(try undone.rows(Question.self).first)
        try await HoneProgram.run(
            "label", "submit", "\(again.job)", "--fence", "\(again.fence)", "--judgement", "[1]", database: url
        ).expectFailure(saying: "JSON object")
        let redone = try await HoneProgram.run(
            "label", "submit", "\(again.job)", "--fence", "\(again.fence)", "--judgement", #"{"choice":"tie"}"#,
            database: url)
        #expect(redone.status == 0, "\(redone.errors)")
        let exported = try await HoneProgram.run("label", "export", database: url)
        #expect(exported.lines.count == 1 && exported.output.contains(#""choice": "tie""#))
        let agreement = try await HoneProgram.run("label", "agreement", "--json", database: url)
        #expect(try agreement.rows(Report.self).map(\.labelCount) == [1])
    }

    @Test func withoutTasksNextFailsAndSaysHowToMakeSome() async throws {
        let url = try TemporaryDatabase.current.url
        try await HoneProgram.run("label", "next", "--as", "anna", database: url)
            .expectFailure(saying: "nothing to label for anna", "hone label create")
        try await HoneProgram.run("label", "agreement", database: url).expectFailure(saying: "no preference labels")
        try await HoneProgram.run("label", "freeze", "f", "--kind", "steps", database: url)
            .expectFailure(saying: "no steps labels")
    }

    @Test func aFreezeThatHasNoNameAndGoldOfNoCheckpointAreRefusedByName() async throws {
        let url = try TemporaryDatabase.current.url
        for name in ["", "-", "a b", "ä", String(repeating: "a", count: 129)] {
            try await HoneProgram.run("label", "freeze", "--kind", "preference", "--", name, database: url)
                .expectFailure(saying: "bad freeze name: '\(name)'", "1 to 128 letters")
        }
        try await HoneProgram.run("label", "gold", "draw", "preference", "--checkpoint", "77", database: url)
            .expectFailure(saying: "there is no checkpoint 77")
        try await HoneProgram.run("label", "gold", "draw", "preference", "--dataset", "none", database: url)
            .expectFailure(saying: "there is no dataset 'none'")
    }

    @Test(arguments: [
        ["submit", "1", "--fence", "1"], ["submit", "1", "--fence", "1", "--rating", "2", "--prefer", "left"],
        ["submit", "1", "--fence", "1", "--ratings", "1,2"], ["skip", "1", "--fence", "1"],
        ["create", "preference"], ["create", "drawing", "--checkpoint", "1"], ["next", "--lease", "0"],
        ["freeze", "f"], ["freeze", "f", "--kind", "rating"], ["import", "f"], ["agreement", "--source", "nobody"],
    ]) func wrongUsageIsSaidWithStatus2(_ words: [String]) async throws {
        try await HoneProgram.run(words: ["label"] + words, database: "postgresql:///nowhere").expectFailure(2)
    }

    @Test func aSlotThatIsSkippedKeepsItsReason() async throws {
        let url = try await ask("rating")
        let next = try await HoneProgram.run("label", "next", "--as", "anna", "--json", database: url)
        let slot = try #require(try next.rows(Question.self).first)
        let skipped = try await HoneProgram.run(
            "label", "skip", "\(slot.job)", "--fence", "\(slot.fence)", "--reason", "unclear", database: url)
        #expect(skipped.status == 0 && skipped.output == "skipped\n")
        let reason: String = try await TemporaryDatabase.current.pool.query(
            "SELECT reason FROM hone.label_history WHERE event = 'skipped'")[0].decode()
        #expect(reason == "unclear")
    }

    @Test func theLoopTakesOneKeyAJudgement() async throws {
        let url = try await ask("preference")
        // Strength 3 for the left side; undone and called a tie; both bad. Nothing is before the first: u says so.
        let sitting = try await HoneProgram.run("label", "--as", "anna", database: url, input: "u3auutx")
        #expect(sitting.status == 0, "\(sitting.errors)")
        #expect(sitting.output.contains("◀ LEFT") && !sitting.output.contains("\u{1B}"), "no escape gets through")
        let choices = try await TemporaryDatabase.current.pool.query(
            "SELECT judgement ->> 'choice' AS choice FROM hone.judgements ORDER BY task_id")
        #expect(try choices.map { try $0.decode(String.self) } == ["tie", "neither"])
        try await expectNothingHeld()
    }

    @Test func stepsRatingsAndCorrectionsHaveTheirKeys() async throws {
        let url = try await ask("steps")
        _ = try await HoneProgram.run("label", "create", "rating", "--checkpoint", "1", database: url)
        _ = try await HoneProgram.run("label", "create", "correction", "--checkpoint", "1", database: url)
        let keys = ["steps": "+0-+\u{7F}+n1-", "rating": "1z5s\nsunclear\n4", "correction": "c1+1=2\n#### 2\nq"]
        for (kind, keys) in keys {
            let sitting = try await HoneProgram.run("label", "--as", "anna", "--kind", kind, database: url, input: keys)
            #expect(sitting.status == 0, "\(sitting.errors)")
        }
        let rows = try await TemporaryDatabase.current.pool.query(
            "SELECT kind || ' ' || judgement AS said FROM hone.judgements ORDER BY kind, label_id")
        #expect(
            try rows.map { try $0.decode(String.self) } == [
                #"correction {"steps": ["1+1=2"], "answer": "2"}"#, #"rating {"rating": 1}"#,
                #"rating {"rating": 5}"#, #"rating {"rating": 4}"#, #"steps {"ratings": [1, 0]}"#,
                #"steps {"ratings": [-1]}"#, #"steps {"ratings": [1, null]}"#, #"steps {"ratings": [1, -1]}"#,
            ])
        try await expectNothingHeld()
    }

    @Test func theEndOfTheInputGivesBackWhatIsHeld() async throws {
        let url = try await ask("preference")
        let sitting = try await HoneProgram.run("label", "--as", "anna", "--json", database: url, input: "2")
        #expect(sitting.status == 0)
        #expect(try sitting.rows(Question.self).count == 1)
        try await expectNothingHeld()
        #expect(try await HoneProgram.run("label", "next", "--as", "anna", database: url).status == 0)
    }

    @Test func aKilledSittingHoldsItsSlotUntilTheLeaseRunsOut() async throws {
        let database = try TemporaryDatabase.current
        let url = try await ask("preference")
        let sitting = try Sitting(["label", "--as", "anna", "--lease", "2"], database: url)
        try await eventually("anna holds a slot") { try await held() == 1 }
        sitting.end(with: SIGKILL)
        #expect(try await held() == 1)
        let bert = ["label", "next", "--as", "bert"]
        #expect(try await HoneProgram.run(words: bert, database: url).status == 0, "the other task")
        try await eventually("her slot is free again") {
            try await HoneProgram.run(words: bert, database: url).status == 0
        }
        let events = try await database.pool.query(
            "SELECT labeller || ' ' || event AS event FROM hone.label_history ORDER BY fence")
        #expect(try events.map { try $0.decode(String.self) } == ["anna abandoned"])
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func aSittingThatIsAskedToLeaveGivesBackItsSlot(
        _ signal: Int32
    ) async throws {
        let url = try await ask("preference")
        let sitting = try Sitting(["label", "--as", "anna"], database: url)
        try await eventually("anna holds a slot") { try await held() == 1 }
        #expect(sitting.end(with: signal) == 0)
        try await expectNothingHeld()
    }

    @Test func aTerminalGivesKeysAtOnceAndIsLeftAsItWas() async throws {
        let url = try await ask("preference")
        let terminal = try Terminal()
        let sitting = try Sitting(["label", "--as", "anna"], database: url, terminal: terminal)
        try await eventually("the keys are read one by one") { terminal.isRaw }
        terminal.press("\u{1B}[C")
        try await eventually("an arrow is a judgement") {
            try await TemporaryDatabase.current.pool.query("SELECT FROM hone.judgements").count == 1
        }
        terminal.press("q")
        #expect(sitting.status == 0)
        #expect(!terminal.isRaw)
        try await expectNothingHeld()
    }

    private func held() async throws -> Int {
        try await TemporaryDatabase.current.pool.query("SELECT FROM hone.task_leases").count
    }

    private func expectNothingHeld(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await held() == 0, sourceLocation: sourceLocation)
    }
}
