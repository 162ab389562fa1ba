import HonePostgres
import HoneTesting
import Testing

@testable import HoneFeedback

/// Questions whose right answer is known, among the others: who is to be believed.
@Suite(.temporaryDatabase) struct HoneypotTests {
    private func desk(_ name: String) throws -> LabelDesk {
        LabelDesk(labeller: name, session: try TemporaryDatabase.current.pool)
    }

    private func isRight(_ question: LabelQuestion, _ side: Int) -> Bool {
        question.answers[side].text.hasSuffix("#### \(question.reference ?? "?")")
    }

    /// Answers what there is, at most so much: the right side, or the wrong one.
    private func answer(_ name: String, rightly: Bool, atMost count: Int) async throws {
        for _ in 0..<count {
            guard let question = try await desk(name).next() else { return }
            try await desk(name).submit(
                .preference(isRight(question, 0) == rightly ? .left : .right, strength: nil), for: question.slot)
        }
    }

    @Test func aShareOfTheTasksIsMarkedAndOnlyWhoseAnswerIsKnown() async throws {
        let pool = try TemporaryDatabase.current.pool
        // Of three answers one is right: a third of the pairs compare two wrong ones.
        try await LabelFixture.samples(20, answers: 3, in: pool)
        let request = LabelRequest(.preference, dataset: "sums")
        #expect(try await LabelFixture.create(request, in: pool) == 60)
        #expect(try await LabelTasks.markHoneypots(request, share: 0.2, in: pool) == 12)
        #expect(try await LabelTasks.markHoneypots(request, share: 0.2, in: pool) == 0, "they are the share already")
        #expect(try await LabelTasks.markHoneypots(request, share: 1, in: pool) == 28, "of 60 only 40 are known")
        let mistaken: Int = try await pool.value(
            """
            SELECT count(*) FROM hone.honeypots h JOIN hone.label_tasks t ON t.id = h.task_id
            JOIN hone.samples a ON a.id = t.sample_id JOIN hone.samples b ON b.id = t.other_id
            WHERE (h.expected ->> 'preferred' = 'first') IS DISTINCT FROM (a.verdict = 'correct')
                OR (a.verdict = 'correct') = (b.verdict = 'correct')
            """)
        #expect(mistaken == 0)
        let question = try #require(try await desk("anna").next())
        for word in ["honeypot", "expected", "verdict"] { #expect(!question.json.text.contains(word)) }
        await expectRefusal("HN003") {
            try await LabelTasks.markHoneypots(LabelRequest(.rating, dataset: "sums"), share: 0.1, in: pool)
        }
    }

    @Test func whoIsWrongOnThemIsPausedLabelsNoMoreAndGoesIntoNoFreeze() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(30, in: pool)
        let request = LabelRequest(.preference, dataset: "sums")
        _ = try await LabelFixture.create(request, wanted: 2, in: pool)
        try await LabelTasks.markHoneypots(request, share: 0.5, in: pool)
        try await answer("anna", rightly: true, atMost: 30)
        await expectRefusal("HN005") { try await answer("bert", rightly: false, atMost: 30) }
        let quality = try await pool.query(
            "SELECT labeller, honeypots, met, state FROM hone.labeller_quality ORDER BY labeller"
        ).map { try $0.decode(String.self, Int.self, Int.self, String.self) }
        #expect(quality.map(\.0) == ["anna", "bert"])
        #expect(quality[0].1 == 15 && quality[0].2 == 15 && quality[0].3 == "trusted")
        #expect(quality[1].1 == 3 && quality[1].2 == 0 && quality[1].3 == "paused")
        let report = try await Freeze.take("pairs", preferences: LabelSelection(.preference), using: pool)
        #expect(report.labelCount == 30, "anna's alone")
        #expect(
            try await Freeze.find("pairs", in: pool).preferencePairs(from: pool).allSatisfy {
                $0.labels.count == 1
            })
        try await pool.expectSoundLabels()
    }

    @Test func anOperatorLetsAPausedLabellerGoOnAndWhatComesAfterIsJudgedAfresh() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(30, in: pool)
        let request = LabelRequest(.preference, dataset: "sums")
        _ = try await LabelFixture.create(request, in: pool)
        try await LabelTasks.markHoneypots(request, share: 1, in: pool)
        await expectRefusal("HN005") { try await answer("bert", rightly: false, atMost: 30) }
        await expectRefusal("HN004") {
            try await pool.query("SELECT hone.resume_labeller('anna', 'a word')")
        }
        try await pool.query("SELECT hone.resume_labeller('bert', 'had the sides mixed up')")
        try await answer("bert", rightly: true, atMost: 10)
        let (count, met, state) = try await pool.query(
            "SELECT honeypots, met, state FROM hone.labeller_quality WHERE labeller = 'bert'")[0]
            .decode(Int.self, Int.self, String.self)
        #expect(count == 10 && met == 10 && state == "trusted")
        await expectRefusal("HN005") { try await answer("bert", rightly: false, atMost: 20) }
        #expect(try await pool.value("SELECT count(*) FROM hone.labeller_pauses") == 2)
    }

    @Test func aChangedLabelCountsOnceAndAsItStands() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(3, in: pool)
        let request = LabelRequest(.preference, dataset: "sums")
        _ = try await LabelFixture.create(request, in: pool)
        try await LabelTasks.markHoneypots(request, share: 1, in: pool)
        try await answer("anna", rightly: false, atMost: 1)
        let again = try await desk("anna").undo()
        try await desk("anna").submit(
            .preference(isRight(again, 0) ? .left : .right, strength: nil), for: again.slot)
        let (count, met) = try await pool.query("SELECT honeypots, met FROM hone.labeller_quality")[0]
            .decode(Int.self, Int.self)
        #expect(count == 1 && met == 1)
    }

    @Test func ofStepsTheFirstWrongOneIsWhatIsKnown() async throws {
        let pool = try TemporaryDatabase.current.pool
        // The right answer's second line cannot be checked, the wrong one's first line is wrong.
        try await LabelFixture.samples(4, in: pool)
        let request = LabelRequest(.steps, dataset: "sums")
        #expect(try await LabelFixture.create(request, in: pool) == 8)
        #expect(try await LabelTasks.markHoneypots(request, share: 1, in: pool) == 4)
        for ratings in [[-1], [1, -1], [-1, 1], [1, 1]] as [[Int?]] {
            var isMarked = false
            while !isMarked {
                let question = try #require(try await desk("anna").next([.steps]))
                isMarked = !isRight(question, 0)
                try await desk("anna").submit(.steps(isMarked ? ratings : [1, 1]), for: question.slot)
            }
        }
        let met = try await pool.query("SELECT is_met FROM hone.honeypot_labels ORDER BY label_id")
            .map { try $0.decode(Bool.self) }
        #expect(met == [true, false, true, false])
    }

    /// Exact: 98.05 % and 0.58 %, by running through all scores that 30 answers can have.
    @Test func aCoinIsFoundWithinThirtyKnownAnswersAndACarefulLabellerIsLeftAlone() async throws {
        let pool = try TemporaryDatabase.current.pool
        func paused(rightly percent: Int) async throws -> Double {
            try await pool.value(
                """
                SELECT avg((lowest < -ln(99::float8))::integer)::float8 FROM (
                    SELECT min(score) AS lowest FROM (
                        SELECT who, hone.honeypot_score(
                            abs(hashint8extended(who * 1000 + n, 7) % 100) < \(percent)
                        ) OVER (PARTITION BY who ORDER BY n) AS score
                        FROM generate_series(1, 4000) who, generate_series(1, 30) n) s
                    GROUP BY who) l
                """)
        }
        #expect(abs(try await paused(rightly: 50) - 0.9805) < 0.01)
        #expect(abs(try await paused(rightly: 90) - 0.0058) < 0.004)
        #expect(try await paused(rightly: 25) > 0.999)
    }

    @Test func whatIsUrgentIsAskedFirst() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(6, in: pool)
        var request = LabelRequest(.preference, dataset: "sums")
        request.urgency = ["5+1=?": 3, "2+1=?": 1, "no question of these": 2]
        #expect(try await LabelFixture.create(request, in: pool) == 6)
        var asked: [String] = []
        while let question = try await desk("anna").next() {
            asked.append(question.prompt)
            try await desk("anna").submit(.preference(.tie, strength: nil), for: question.slot)
        }
        #expect(asked == ["5+1=?", "2+1=?", "1+1=?", "3+1=?", "4+1=?", "6+1=?"])
        try await pool.expectSoundLabels()
    }
}
