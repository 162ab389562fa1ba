import Foundation
import HoneCatalog
import HonePostgres
import HoneTesting
import Testing

@testable import HoneFeedback

/// Questions whose answer is known: how they are mixed in, what they tell, and who is left out of freezes.
@Suite(.temporaryDatabase) struct GoldTests {
    private let knows: @Sendable (LabelQuestion) -> Judgement = { question in
        .preference(
            question.answers[0].text.hasSuffix("#### \(question.reference ?? "?")") ? .left : .right, strength: nil)
    }
    /// Right on one task of three.
    private func guesses(_ question: LabelQuestion) -> Judgement {
        question.task % 3 == 0 ? knows(question) : opposite(question)
    }

    private func opposite(_ question: LabelQuestion) -> Judgement {
        .preference(knows(question) == .preference(.left, strength: nil) ? .right : .left, strength: nil)
    }

    /// `questionCount` questions, of which gold is drawn, and then the same pairs are asked.
    private func prepare(
        _ questionCount: Int, gold: Int, share: Double, wanted: Int = 1, minimumCount: Int = 10,
        in pool: PostgresPool
    ) async throws {
        try await LabelFixture.samples(questionCount, in: pool)
        let request = LabelRequest(.preference, dataset: "sums")
        #expect(try await GoldQuestions.add(request, count: gold, labellers: 5, in: pool) == gold)
        _ = try await GoldQuestions.setRule(of: .person, share: share, minimumCount: minimumCount, in: pool)
        _ = try await LabelFixture.create(request, wanted: wanted, in: pool)
    }

    /// What somebody was asked, in order.
    @discardableResult
    private func label(
        as name: String, in session: any PostgresSession, _ says: (LabelQuestion) -> Judgement
    ) async throws -> [Int64] {
        let desk = LabelDesk(labeller: name, session: session)
        var tasks: [Int64] = []
        while let question = try await desk.next([.preference]) {
            tasks.append(question.task)
            try await desk.submit(says(question), for: question.slot)
        }
        return tasks
    }

    private func goldTasks(in pool: PostgresPool) async throws -> Set<Int64> {
        Set(try await pool.query("SELECT task_id FROM hone.gold_questions").map { try $0.decode(Int64.self) })
    }

    @Test func aShareOfTheTurnsIsGold() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await prepare(120, gold: 60, share: 0.25, in: pool)
        let gold = try await goldTasks(in: pool)
        let asked = try await pool.withConnection { connection in
            try await connection.execute("SELECT setseed(0.5)")
            return try await label(as: "anna", in: connection, knows)
        }
        #expect(Set(asked).count == asked.count, "nobody is asked a question twice")
        let share = Double(asked.count { gold.contains($0) }) / Double(asked.count)
        #expect(0.15 < share && share < 0.35, "\(share)")
        try await pool.expectSoundLabels()
    }

    @Test func withoutAShareNoneIsAskedAndWithAllOfItEveryLabellerGetsEachOnce() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await prepare(6, gold: 4, share: 0, wanted: 2, in: pool)
        let gold = try await goldTasks(in: pool)
        #expect(gold.isDisjoint(with: try await label(as: "anna", in: pool, knows)))
        _ = try await GoldQuestions.setRule(of: .person, share: 1, in: pool)
        let asked = try await label(as: "bert", in: pool, knows)
        #expect(Set(asked.prefix(4)) == gold && asked.count == 10)
        try await pool.expectSoundLabels()
    }

    @Test func aLabellerSeesNoDifference() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await prepare(2, gold: 1, share: 1, in: pool)
        var rows: [PostgresRow] = []
        for _ in 0..<3 { rows += try await pool.query("SELECT * FROM hone.label_next('anna')") }
        let gold = try await goldTasks(in: pool)
        let shown = try rows.map { row in
            (try row.decode("task_id", as: Int64.self), try row.decode("question", as: PostgresJSON.self).text)
        }
        #expect(shown.count == 3 && gold.contains(shown[0].0) && !gold.contains(shown[1].0))
        for (_, question) in shown {
            let keys = try JSONDecoder().decode([String: AnyKeyed].self, from: Data(question.utf8)).keys.sorted()
            #expect(keys == ["left", "prompt", "reference", "right"])
        }
        let progress = try await pool.query("SELECT open_slots FROM hone.label_progress('bert')")[0]
        #expect(try progress.decode("open_slots") == 0, "gold slots count nowhere")
    }

    private struct AnyKeyed: Decodable {
        init(from decoder: any Decoder) {}
    }

    @Test func whoGuessesIsLeftOutOfFreezesWithTheReasonOnRecordAndOthersAreNot() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await prepare(40, gold: 20, share: 0.5, wanted: 2, in: pool)
        try await label(as: "anna", in: pool, knows)
        try await label(as: "clicker", in: pool, guesses)
        let records = try await GoldRecord.all(of: .person, from: pool)
        #expect(records.map(\.labeller) == ["clicker", "anna"] && records.map(\.isTrusted) == [false, true])
        #expect(records[1].accuracy == 1 && records[0].answerCount >= 10)

        let report = try await Freeze.take("pairs", preferences: LabelSelection(.preference), using: pool)
        #expect(report.labelCount == 40 && report.freeze.rowCount == 40 && report.contradictionCount == 0)
        let leftOut = try #require(report.leftOut.first)
        #expect(leftOut.labeller == "clicker" && leftOut.labelCount == 40)
        #expect(leftOut.reason.contains("gold questions right, and at least 75 %"))
        let recorded: String = try await pool.value("SELECT selection #>> '{left_out,0,reason}' FROM hone.freezes")
        #expect(recorded == leftOut.reason)
        let annas: Int64 = try await pool.value(
            """
            SELECT count(*) FROM hone.freeze_rows r, jsonb_array_elements(r.content -> 'labels') n
            JOIN hone.labels l ON l.id = n::bigint JOIN hone.labellers p ON p.id = l.labeller_id WHERE p.name = 'anna'
            """)
        #expect(annas == 40, "and none of a gold question's")
    }

    @Test func beforeEnoughAnswersNobodyIsLeftOutAndARetiredQuestionCountsForNobody() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await prepare(4, gold: 4, share: 1, minimumCount: 5, in: pool)
        try await label(as: "wrong", in: pool, opposite)
        #expect(try await GoldRecord.all(of: .person, from: pool).map(\.isTrusted) == [true])
        _ = try await GoldQuestions.setRule(of: .person, minimumCount: 4, in: pool)
        #expect(try await GoldRecord.all(of: .person, from: pool).map(\.isTrusted) == [false])
        await #expect(throws: FeedbackError.self) {
            _ = try await Freeze.take("none", preferences: LabelSelection(.preference), using: pool)
        }
        let task = try #require(try await goldTasks(in: pool).min())
        try await GoldQuestions.retire(task, in: pool)
        #expect(try await GoldRecord.all(of: .person, from: pool).map(\.answerCount) == [3])
        #expect(try await label(as: "bert", in: pool, knows).contains(task) == false)
        await #expect(throws: FeedbackError.noSuchGold(task)) { try await GoldQuestions.retire(task, in: pool) }
        try await pool.expectSoundLabels()
    }

    @Test func stepsAreRightWhereTheFirstWrongOneIsFound() async throws {
        let pool = try TemporaryDatabase.current.pool
        for (known, said, isRight) in [
            ("[1, 1]", "[1, 0]", true), ("[1, -1]", "[1, -1]", true), ("[1, -1]", "[-1]", false),
            ("[1, 1]", "[1, -1]", false), ("[-1]", "[1, 1]", false),
        ] {
            let found: Bool = try await pool.value(
                PostgresQuery(
                    """
                    SELECT hone.is_gold_right(
                        'steps', jsonb_build_object('ratings', \(PostgresJSON(text: known))), NULL,
                        jsonb_build_object('ratings', \(PostgresJSON(text: said))))
                    """))
            #expect(found == isRight, "\(said) where \(known) is known")
        }
    }

    @Test func expertsLabelsBecomeGoldQuestionsFromAFileAndABadOneIsRefused() async throws {
        let pool = try TemporaryDatabase.current.pool
        let file = FileManager.default.temporaryDirectory.appending(path: "gold-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        let line = """
            {"kind": "rating", "source": "person", "labeller": "erna", "prompt": "1+1=?", "answers": \
            [{"text": "2", "steps": []}], "judgement": {"rating": 5}}
            """
        try Data((line + "\n" + line + "\n").utf8).write(to: file)
        #expect(try await GoldQuestions.add(file: file, askedOf: .person, labellers: 3, using: pool) == 1)
        #expect(try await GoldQuestions.add(file: file, askedOf: .person, labellers: 3, using: pool) == 0)
        _ = try await GoldQuestions.setRule(of: .person, share: 1, in: pool)
        let desk = LabelDesk(labeller: "anna", session: pool)
        let question = try #require(try await desk.next([.rating]))
        try await desk.submit(.rating(4), for: question.slot)
        #expect(try await GoldRecord.all(of: .person, from: pool).map(\.rightCount) == [1])
        try Data((line + "\n" + line.replacing(": 5", with: ": 9") + "\n").utf8).write(to: file)
        await expectRefusal("HN003") {
            _ = try await GoldQuestions.add(file: file, askedOf: .person, labellers: 3, using: pool)
        }
    }

    @Test func reliabilityLearnsFromGoldWhoOutvotesTheMajority() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await prepare(30, gold: 20, share: 0.7, wanted: 3, minimumCount: 1000, in: pool)
        try await label(as: "anna", in: pool, knows)
        for bot in ["bot 1", "bot 2"] {
            try await label(as: bot, in: pool, guesses)
        }
        func rightCount(_ name: String, _ weighting: LabellerWeighting) async throws -> Int {
            let freeze = try await Freeze.take(
                name, preferences: LabelSelection(.preference), weighting: weighting, using: pool
            ).freeze
            let correct = try await pool.query("SELECT id FROM hone.samples WHERE verdict = 'correct'")
            let ids = Set(try correct.map { try $0.decode(Int64.self) })
            return try await freeze.preferencePairs(from: pool).count { ids.contains($0.chosenSample ?? 0) }
        }
        let equal = try await rightCount("equal", .equal)
        let reliable = try await rightCount("reliable", .reliability)
        #expect(equal < 20 && reliable == 30, "\(equal) by equal votes, \(reliable) by reliability")
    }
}
