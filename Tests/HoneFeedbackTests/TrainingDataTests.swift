import HoneCatalog
import HonePostgres
import HoneTesting
import Testing

@testable import HoneFeedback

/// What labels become: pairs, rated steps, examples, and freezes of them.
@Suite(.temporaryDatabase) struct TrainingDataTests {
    /// Everybody in `votes` judges every task; the side is chosen by whether the answer is right.
    private func label(
        _ kind: LabelKind, wanted: Int, in pool: PostgresPool,
        _ votes: [(name: String, says: (LabelQuestion) -> Judgement)]
    ) async throws {
        _ = try await LabelFixture.create(LabelRequest(kind, dataset: "sums"), wanted: wanted, in: pool)
        for (name, says) in votes {
            let desk = LabelDesk(labeller: name, session: pool)
            while let question = try await desk.next([kind]) {
                try await desk.submit(says(question), for: question.slot)
            }
        }
    }

    private func right(_ strength: Int? = nil) -> (LabelQuestion) -> Judgement {
        { question in
            let reference = "#### \(question.reference ?? "?")"
            return .preference(question.answers[0].text.hasSuffix(reference) ? .left : .right, strength: strength)
        }
    }

    private func wrong(_ question: LabelQuestion) -> Judgement {
        guard case .preference(let choice, _) = right()(question) else { return .preference(.tie, strength: nil) }
        return .preference(choice == .left ? .right : .left, strength: nil)
    }

    @Test func theMajorityDecidesAPairWithItsStrengthAsMarginAndItsUnityAsWeight() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, in: pool)
        try await label(
            .preference, wanted: 3, in: pool, [("anna", right(4)), ("bert", right(2)), ("carl", wrong)])
        let report = try await Freeze.take("pairs", preferences: LabelSelection(.preference), using: pool)
        #expect(report.labelCount == 6 && report.freeze.rowCount == 2)
        let pairs = try await Freeze.find("pairs", in: pool).preferencePairs(from: pool)
        #expect(pairs.map(\.chosen) == ["1+1=2\n#### 2", "2+1=3\n#### 3"])
        #expect(pairs.map(\.rejected) == ["1+1=3\n#### 3", "2+1=4\n#### 4"])
        #expect(pairs.allSatisfy { $0.labels.count == 3 && !$0.isTie && $0.chosenSample != $0.rejectedSample })
        for pair in pairs {
            #expect(abs(pair.margin - 5.0 / 3) < 1e-12)
            #expect(abs(pair.weight - 1.0 / 3) < 1e-12)
        }
    }

    @Test func tiesStayAndContradictionsAreCountedAndLeftOut() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, in: pool)
        try await label(
            .preference, wanted: 2, in: pool,
            [
                ("anna", right()),
                ("bert", { $0.prompt == "1+1=?" ? .preference(.tie, strength: nil) : self.wrong($0) }),
            ])
        let report = try await Freeze.take("pairs", preferences: LabelSelection(.preference), using: pool)
        #expect(report.contradictionCount == 1 && report.freeze.rowCount == 1)
        let pair = try #require(try await report.freeze.preferencePairs(from: pool).first)
        #expect(pair.prompt == "1+1=?" && pair.weight == 0.5 && !pair.isTie)
    }

    @Test func labellersWhoAgreeWithOthersCountMore() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(30, in: pool)
        // Three who know, and four bots that are each wrong on half of the questions, together on every sixteenth.
        let bots = (0..<4).map { bot in
            (
                "bot \(bot)",
                { (question: LabelQuestion) in
                    (Int(question.task) >> bot) % 2 == 0 ? self.wrong(question) : self.right()(question)
                }
            )
        }
        try await label(
            .preference, wanted: 7, in: pool, [("anna", right()), ("bert", right()), ("carl", right())] + bots)
        func rightCount(_ name: String, _ weighting: LabellerWeighting) async throws -> Int {
            let freeze = try await Freeze.take(
                name, preferences: LabelSelection(.preference), weighting: weighting, using: pool
            ).freeze
            let correct = try await pool.query("SELECT id FROM hone.samples WHERE verdict = 'correct'")
            let ids = Set(try correct.map { try $0.decode(Int64.self) })
            return try await freeze.preferencePairs(from: pool).count { ids.contains($0.chosenSample ?? 0) }
        }
        let equal = try await rightCount("equal", .equal)
        let weighted = try await rightCount("weighted", .agreement)
        let reliable = try await rightCount("reliable", .reliability)
        #expect(weighted == 30 && reliable == 30 && equal < 30, "\(equal) equal, \(weighted), \(reliable)")
    }

    @Test func stepLabelsEndAtTheFirstWrongStepAndDoubtIsTheWorseRating() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, answers: 1, in: pool)
        try await label(
            .steps, wanted: 3, in: pool,
            [
                ("anna", { _ in .steps([1, 1]) }), ("bert", { _ in .steps([0, nil]) }),
                ("carl", { _ in .steps([1, -1]) }),
            ])
        let freeze = try await Freeze.take("steps", steps: LabelSelection(.steps), using: pool).freeze
        let row = try #require(try await freeze.stepLabels(from: pool).first)
        #expect(row.ratings == [1, -1] && row.steps.count == 2 && row.labels.count == 3)
        await #expect(throws: FeedbackError.wrongForm(freeze: "steps", form: "steps", wanted: "preferences")) {
            try await freeze.preferencePairs(from: pool)
        }
    }

    @Test func aWrongFirstStepLeavesNothingOfTheRest() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, answers: 1, in: pool)
        try await label(.steps, wanted: 1, in: pool, [("anna", { _ in .steps([-1]) })])
        let freeze = try await Freeze.take("steps", steps: LabelSelection(.steps), using: pool).freeze
        let row = try #require(try await freeze.stepLabels(from: pool).first)
        #expect(row.ratings == [-1] && row.steps == ["1+1=2"])
    }

    @Test func correctionsBecomeExamplesThatNameTheirLabel() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, answers: 1, in: pool)
        try await label(
            .correction, wanted: 1, in: pool,
            [
                (
                    "anna",
                    { .correction(steps: ["\($0.prompt.prefix(3))=\($0.reference ?? "")"], answer: $0.reference ?? "") }
                )
            ])
        #expect(try await Corrections.ingest(into: "corrected", using: pool).addedCount == 2)
        #expect(try await Corrections.ingest(into: "corrected", using: pool).addedCount == 0, "again adds none")
        let traced: Int = try await pool.value(
            """
            SELECT count(*) FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id AND d.name = 'corrected'
            JOIN hone.judgements j ON j.label_id = (e.metadata ->> 'label')::bigint
                AND j.labeller = e.metadata ->> 'labeller' AND j.sample_id = (e.metadata ->> 'sample')::bigint
            WHERE e.source = 'label' AND e.answer = j.judgement ->> 'answer' AND e.steps = j.judgement -> 'steps'
            """)
        #expect(traced == 2)
        let cut = try await Freeze.take("sft", dataset: "corrected", split: "train", using: pool).freeze
        #expect(try cut.dataCut().count == 2)
        #expect(try cut.dataCut().sha256 == cut.sha256)
    }

    @Test func aFreezeNeverChangesWhateverComesLater() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(3, in: pool)
        try await label(.preference, wanted: 1, in: pool, [("anna", right())])
        let freeze = try await Freeze.take("a", preferences: LabelSelection(.preference), using: pool).freeze
        let again = try await Freeze.take("b", preferences: LabelSelection(.preference), using: pool).freeze
        #expect(freeze.sha256 == again.sha256, "the same rows have the same hash")
        let desk = LabelDesk(labeller: "anna", session: pool)
        try await desk.submit(.preference(.tie, strength: nil), for: desk.undo().slot)
        let later = try await Freeze.take("c", preferences: LabelSelection(.preference), using: pool).freeze
        #expect(later.sha256 != freeze.sha256)
        #expect(try await freeze.preferencePairs(from: pool).allSatisfy { !$0.isTie })
        await #expect(throws: FeedbackError.freezeExists("a")) {
            _ = try await Freeze.take("a", preferences: LabelSelection(.preference), using: pool)
        }
        await #expect(throws: FeedbackError.unknownFreeze("z")) { _ = try await Freeze.find("z", in: pool) }
        for statement: PostgresQuery in [
            "UPDATE hone.freezes SET name = 'd'", "DELETE FROM hone.freeze_rows",
            "INSERT INTO hone.freeze_rows VALUES (1, 99, '{}')", "TRUNCATE hone.freezes CASCADE",
        ] {
            await expectRefusal("HN005") { try await pool.execute(statement) }
        }
    }

    @Test func aDamagedFreezeIsNoticed() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(3, in: pool)
        try await label(.preference, wanted: 1, in: pool, [("anna", right())])
        let freeze = try await Freeze.take("a", preferences: LabelSelection(.preference), using: pool).freeze
        try await pool.execute("ALTER TABLE hone.freeze_rows DISABLE TRIGGER USER")
        try await pool.execute("UPDATE hone.freeze_rows SET content = content || '{\"margin\": 9}' WHERE ordinal = 2")
        await #expect(throws: FeedbackError.freezeDamaged("a")) { _ = try await freeze.preferencePairs(from: pool) }
    }

    @Test func nothingToLearnFromIsOneClearError() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(25, in: pool)
        await #expect(throws: FeedbackError.noLabels(kind: .preference, source: .person)) {
            _ = try await Freeze.take("none", preferences: LabelSelection(.preference), using: pool)
        }
        await #expect(throws: FeedbackError.noLabels(kind: .correction, source: .person)) {
            try await Corrections.ingest(into: "corrected", using: pool)
        }
        #expect(try await pool.value("SELECT count(*) FROM hone.freezes") == 0)
        #expect(try await pool.value("SELECT count(*) FROM hone.freeze_rows") == 0)
    }

    @Test func whoAlwaysChoosesTheSameShownSideIsLeftOutByName() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(25, in: pool)
        // A tie, or both bad, is no choice and hides nothing.
        func always(_ side: Judgement.Choice) -> (LabelQuestion) -> Judgement {
            { question in
                switch question.prompt {
                case "1+1=?": .preference(.tie, strength: nil)
                case "2+1=?": .preference(.neither, strength: nil)
                default: .preference(side, strength: nil)
                }
            }
        }
        try await label(
            .preference, wanted: 3, in: pool, [("leftist", always(.left)), ("rightist", always(.right))])
        let leftOut = [
            LeftOutLabeller(
                labeller: "leftist", labelCount: 25, reason: "all 23 choices are for the left side as it was shown"),
            LeftOutLabeller(
                labeller: "rightist", labelCount: 25, reason: "all 23 choices are for the right side as it was shown"),
        ]
        await #expect(throws: FeedbackError.nobodyTrusted(kind: .preference, leftOut)) {
            _ = try await Freeze.take("sides", preferences: LabelSelection(.preference), using: pool)
        }
        try await label(.preference, wanted: 3, in: pool, [("anna", right())])
        let report = try await Freeze.take("pairs", preferences: LabelSelection(.preference), using: pool)
        #expect(report.leftOut == leftOut && report.labelCount == 25 && report.contradictionCount == 0)
    }

    @Test func manyWhoTogetherChooseOneShownSideAreRefusedThoughNoneOfThemSaidMuch() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(25, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.preference, dataset: "sums"), in: pool)
        for turn in 0..<25 {
            let desk = LabelDesk(labeller: "client \(turn % 5)", session: pool)
            let question = try #require(try await desk.next([.preference]))
            try await desk.submit(.preference(turn == 0 ? .tie : .left, strength: nil), for: question.slot)
        }
        await #expect(throws: FeedbackError.oneSided(side: "left", labelCount: 24)) {
            _ = try await Freeze.take("left", preferences: LabelSelection(.preference), using: pool)
        }
    }

    @Test func labelsThatOnlyContradictEachOtherAreOneClearError() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, in: pool)
        try await label(.preference, wanted: 2, in: pool, [("anna", right()), ("bert", wrong)])
        await #expect(
            throws: FeedbackError.nothingDecided(kind: .preference, labelCount: 4, contradictionCount: 2)
        ) {
            _ = try await Freeze.take("none", preferences: LabelSelection(.preference), using: pool)
        }
    }

    @Test func theReportShowsAgreementAndTimeOfEachLabeller() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(4, in: pool)
        try await label(
            .preference, wanted: 2, in: pool,
            [("anna", right()), ("bert", { $0.prompt == "1+1=?" ? self.wrong($0) : self.right()($0) })])
        let report = try await AgreementReport(LabelSelection(.preference), from: pool)
        #expect(report.labelCount == 8 && report.taskCount == 4 && report.sharedUnitCount == 4)
        #expect(report.labellers.map(\.labeller).sorted() == ["anna", "bert"])
        #expect(report.labellers.allSatisfy { $0.agreement == 0.75 && ($0.medianSeconds ?? -1) >= 0 })
        #expect(report.kappa != nil)
    }

    @Test func labelsOfSimulatedAnnotatorsAndVerifiersAreNoPeoples() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, in: pool)
        for source in LabelSource.allCases {
            var request = LabelRequest(.preference, dataset: "sums")
            request.source = source
            #expect(try await LabelTasks.create(request, in: pool) == 2)
            let desk = LabelDesk(labeller: "a \(source)", source: source, session: pool)
            while let question = try await desk.next() {
                try await desk.submit(right()(question), for: question.slot)
            }
        }
        #expect(try await pool.value("SELECT count(*) FROM hone.all_judgements") == 6)
        #expect(try await pool.value("SELECT string_agg(DISTINCT labeller, ',') FROM hone.judgements") == "a person")
        let people = try await Freeze.take("p", preferences: LabelSelection(.preference), using: pool)
        #expect(people.labelCount == 2)
        let verifier = LabelSelection(.preference, source: .verifier)
        #expect(try await Freeze.take("v", preferences: verifier, using: pool).labelCount == 2)
        let impostor = LabelDesk(labeller: "a simulated", source: .person, session: pool)
        await expectRefusal("HN003") { _ = try await impostor.next() }
    }
}
