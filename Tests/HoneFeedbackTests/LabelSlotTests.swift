import HonePostgres
import HoneTesting
import Testing

@testable import HoneFeedback

/// One labeller, or a few, step by step.
@Suite(.temporaryDatabase) struct LabelSlotTests {
    private func desk(_ name: String) throws -> LabelDesk {
        LabelDesk(labeller: name, session: try TemporaryDatabase.current.pool)
    }

    @Test func aTaskGetsAsManyLabelsAsItWantsEachByAnotherLabeller() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        #expect(try await LabelFixture.create(LabelRequest(.preference, dataset: "sums"), wanted: 2, in: pool) == 1)
        let anna = try desk("anna")
        let first = try #require(try await anna.next())
        #expect(try await anna.next() == nil, "she holds a slot of it")
        try await anna.submit(.preference(.left, strength: 2), for: first.slot)
        #expect(try await anna.next() == nil, "she has labelled it")
        let second = try #require(try await desk("bert").next())
        try await desk("bert").submit(.preference(.right, strength: nil), for: second.slot)
        #expect(try await desk("carl").next() == nil)
        #expect(try await pool.value("SELECT state FROM hone.label_task_status") == "done")
        try await pool.expectSoundLabels()
    }

    @Test func theSidesAreShuffledBySlotAndTheQuestionNamesNoCheckpoint() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(40, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.preference, dataset: "sums"), wanted: 2, in: pool)
        let sides = try await pool.query(
            "SELECT count(*) FILTER (WHERE swapped) AS n FROM hone.label_slots GROUP BY task_id")
        #expect(try sides.map { try $0.decode(Int.self) } == Array(repeating: 1, count: 40), "one of two slots each")
        let firsts: Int = try await pool.value("SELECT count(*) FROM hone.label_slots WHERE ordinal = 1 AND swapped")
        #expect((5...35).contains(firsts), "the first slot's side is drawn")
        let question = try #require(try await desk("anna").next())
        for word in ["checkpoint", "sample", "verdict", "\"ok\""] { #expect(!question.json.text.contains(word)) }
        let left = question.answers[0].text
        try await desk("anna").submit(.preference(.left, strength: nil), for: question.slot)
        let preferred: String = try await pool.value(
            """
            SELECT CASE j.preferred WHEN 'first' THEN a.text ELSE b.text END
            FROM hone.judgements j JOIN hone.samples a ON a.id = j.sample_id JOIN hone.samples b ON b.id = j.other_id
            """)
        #expect(preferred == left, "what was left is what is preferred, whatever side it had")
    }

    @Test(arguments: [
        (LabelKind.preference, #""choice""#), (.steps, #""ratings""#), (.rating, #""rating""#),
        (.correction, #""answer""#),
    ]) func aJudgementThatIsNoneIsAnsweredWithAnExampleOfItsKind(_ kind: LabelKind, _ word: String) async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(kind, dataset: "sums"), in: pool)
        let slot = try #require(try await desk("anna").next()).slot
        let judgements: [String?] = ["[]", nil, #"{"comment": 3}"#, #"{"nonsense": 4}"#, "{}"]
        for judgement in judgements {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.execute(
                    "SELECT hone.label_submit(\(slot.job), \(slot.fence), \(judgement)::text::jsonb)")
            }
            guard case .server(let answer) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(answer.sqlState == "HN003" && answer.hint?.contains(word) == true, "\(answer)")
        }
    }

    @Test func withoutAFenceNothingIsHeldNeitherBeforeNorAfterTheLabel() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.preference, dataset: "sums"), in: pool)
        let slot = try #require(try await desk("anna").next()).slot
        func submit() async {
            await expectRefusal("HN001") {
                try await pool.execute(#"SELECT hone.label_submit(\#(slot.job), NULL, '{"choice": "left"}')"#)
            }
        }
        await submit()
        try await desk("anna").submit(.preference(.left, strength: nil), for: slot)
        await submit()
    }

    @Test func anAbandonedSlotComesBackAndTheLateAnswerIsRefused() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.preference, dataset: "sums"), in: pool)
        let stale = try #require(try await desk("anna").next())
        #expect(try await desk("bert").next() == nil)
        try await LabelFixture.expireLeases(in: pool)
        let fresh = try #require(try await desk("bert").next())
        #expect(fresh.slot.job == stale.slot.job && fresh.slot.fence > stale.slot.fence)
        await expectRefusal("HN001") {
            try await desk("anna").submit(.preference(.left, strength: nil), for: stale.slot)
        }
        await expectRefusal("HN001") { try await desk("anna").skip(stale.slot, reason: "late") }
        await expectRefusal("HN001") { try await desk("anna").renew(stale.slot) }
        #expect(try await desk("anna").release(stale.slot) == false)
        try await desk("bert").submit(.preference(.right, strength: nil), for: fresh.slot)
        #expect(
            try await pool.query("SELECT labeller || ' ' || event AS e FROM hone.label_history ORDER BY fence")
                .map { try $0.decode(String.self) } == ["anna abandoned", "bert labelled"])
        try await pool.expectSoundLabels()
    }

    @Test func aWorkersMaintenanceRescuesAnAbandonedSlotToo() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.rating, checkpoint: 1), in: pool)
        // Somebody walks away more often than a job may lose its worker.
        for _ in 0..<25 {
            _ = try #require(try await desk("anna").next())
            try await LabelFixture.expireLeases(in: pool)
            #expect(try await pool.value("SELECT hone.rescue('0 s', true)", as: Int32.self) == 1)
        }
        #expect(try await desk("bert").next() != nil)
    }

    @Test func sayingTheSameTwiceRecordsItOnceAndSayingAnotherThingIsRefused() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.rating, checkpoint: 1), in: pool)
        let anna = try desk("anna")
        let slot = try #require(try await anna.next()).slot
        let label = try await anna.submit(.rating(4), for: slot)
        #expect(try await anna.submit(.rating(4), for: slot) == label)
        await expectRefusal("HN001") { try await anna.submit(.rating(5), for: slot) }
        #expect(try await pool.value("SELECT count(*) FROM hone.labels") == 1)
    }

    @Test func aRedoSupersedesUnderItsOwnFenceAndBothStayOnRecord() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.rating, checkpoint: 1), in: pool)
        let anna = try desk("anna")
        let slot = try #require(try await anna.next()).slot
        try await anna.submit(.rating(4), for: slot)
        let older = try await anna.undo()
        let newer = try await anna.undo()
        #expect(
            try await pool.value("SELECT judgement ->> 'rating' FROM hone.judgements") == "4", "it stands till then")
        await expectRefusal("HN001") { try await anna.submit(.rating(1), for: older.slot) }
        let redone = try await anna.submit(.rating(2), for: newer.slot)
        #expect(try await anna.submit(.rating(2), for: newer.slot) == redone)
        await expectRefusal("HN001") { try await anna.submit(.rating(3), for: newer.slot) }
        #expect(try await pool.value("SELECT judgement ->> 'rating' FROM hone.judgements") == "2")
        #expect(try await pool.value("SELECT count(*) FROM hone.labels") == 2)
        await expectRefusal("HN004") { _ = try await desk("bert").undo(redone) }
        try await pool.expectSoundLabels()
    }

    @Test func anUndoEndsWithTheLeaseUnderWhichTheLabelWasGiven() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.rating, checkpoint: 1), in: pool)
        let anna = try desk("anna")
        let slot = try #require(try await anna.next()).slot
        try await LabelFixture.expireLeases(in: pool)
        try await anna.submit(.rating(4), for: slot)
        await expectRefusal("HN005") { _ = try await anna.undo() }
    }

    @Test func aSkippedSlotGoesToOthersAndItsReasonIsOnRecord() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.rating, checkpoint: 1), in: pool)
        let anna = try desk("anna")
        let skipped = try #require(try await anna.next())
        await expectRefusal("HN003") { try await anna.skip(skipped.slot, reason: "  ") }
        try await anna.skip(skipped.slot, reason: "unclear")
        let other = try #require(try await anna.next())
        #expect(other.task != skipped.task)
        #expect(try await anna.next() == nil)
        #expect(try await desk("bert").next()?.task == skipped.task)
        #expect(try await pool.value("SELECT reason FROM hone.label_history WHERE event = 'skipped'") == "unclear")
        let progress = try await anna.progress()
        #expect(progress == LabelProgress(labelled: 0, skipped: 1, today: 0, openSlots: 0))
    }

    @Test func aReleasedSlotIsOpenToTheSameLabellerToo() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.steps, checkpoint: 1), in: pool)
        let anna = try desk("anna")
        let first = try #require(try await anna.next())
        #expect(try await anna.release(first.slot))
        let again = try #require(try await anna.next())
        #expect(again.slot.job == first.slot.job && again.slot.fence > first.slot.fence)
    }

    @Test(arguments: [
        (LabelKind.preference, #"{"choice": "middle"}"#), (.preference, #"{"choice": "tie", "strength": 2}"#),
        (.preference, #"{"choice": "left", "strength": 5}"#), (.preference, #"{"choice": "left", "sure": true}"#),
        (.steps, #"{"ratings": []}"#), (.steps, #"{"ratings": [1]}"#), (.steps, #"{"ratings": [1, 2]}"#),
        (.steps, #"{"ratings": [1, 1, 1]}"#), (.steps, #"{"ratings": [null, null]}"#),
        (.steps, #"{"ratings": ["1", 1]}"#), (.rating, #"{"rating": 6}"#), (.rating, "[]"),
        (.correction, #"{"steps": ["1+1=2"]}"#), (.correction, #"{"steps": [2], "answer": "2"}"#),
    ]) func aJudgementThatHasNotTheFormOfItsKindIsRefusedAndTheSlotKept(_ kind: LabelKind, _ json: String) async throws
    {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(kind, dataset: "sums"), in: pool)
        let anna = try desk("anna")
        let slot = try #require(try await anna.next()).slot
        await expectRefusal("HN003") { try await anna.submit(PostgresJSON(text: json), for: slot) }
        try await anna.renew(slot)
    }

    @Test func whatWasAskedBeforeIsNotAskedAgainAndPairsAreAsMany() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(3, answers: 4, in: pool)
        var some = LabelRequest(.preference, dataset: "sums")
        some.perPrompt = 2
        #expect(try await LabelTasks.create(some, in: pool) == 6)
        #expect(try await LabelTasks.create(LabelRequest(.preference, dataset: "sums"), in: pool) == 12)
        var across = LabelRequest(.preference, checkpoint: 1)
        across.otherCheckpoint = 2
        across.source = .simulated
        #expect(try await LabelTasks.create(across, in: pool) == 12, "two answers each: four pairs across")
        await expectRefusal("HN003") { _ = try await LabelTasks.create(LabelRequest(.steps, checkpoint: 9), in: pool) }
        try await pool.expectSoundLabels()
    }

    @Test func aCancelledTaskHandsOutNoSlot() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.rating, checkpoint: 1), wanted: 2, in: pool)
        let held = try #require(try await desk("anna").next())
        #expect(try await pool.value("SELECT hone.cancel_label_task(\(held.task))", as: Int32.self) == 2)
        #expect(try await desk("bert").next() == nil)
        #expect(try await desk("anna").release(held.slot))
        #expect(try await desk("bert").next() == nil)
        #expect(try await pool.value("SELECT state FROM hone.label_task_status") == "cancelled")
        try await pool.expectSoundLabels()
    }
}
