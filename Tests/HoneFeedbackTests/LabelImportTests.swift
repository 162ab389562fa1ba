import Foundation
import HoneDatasets
import HonePostgres
import HoneTesting
import Testing

@testable import HoneFeedback

/// Published forms, by rows written in them.
@Suite(.temporaryDatabase) struct LabelImportTests {
    private func run(_ lines: [String], _ format: LabelFormat, name: String = "labels.jsonl") async throws
        -> LabelImportReport
    {
        let file = FileManager.default.temporaryDirectory.appending(path: "hone-\(UUID().uuidString)-\(name)")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        return try await LabelImport.run(file: file, format: format, using: TemporaryDatabase.current.pool)
    }

    private static let prm800k = """
        {"labeler":"e9","timestamp":"2022-07-30","generation":null,"is_quality_control_question":false,\
        "is_initial_screening_question":false,"question":{"problem":"2+3*4?","ground_truth_answer":"14"},\
        "label":{"steps":[{"completions":[{"text":"First 3*4=12.","rating":1,"flagged":false},\
        {"text":"First 2+3=5.","rating":-1,"flagged":false}],"human_completion":null,"chosen_completion":0},\
        {"completions":[{"text":"So 15.","rating":-1,"flagged":false}],"human_completion":{"text":"So 2+12=14.",\
        "rating":null,"source":"human","flagged":false},"chosen_completion":null},\
        {"completions":[{"text":"# Answer 14","rating":0,"flagged":null}],"human_completion":null,\
        "chosen_completion":0}],"total_time":100,"finish_reason":"solution"}}
        """

    @Test func aPRM800KRowGivesThePathTakenAndEachAlternativeOnItsOwn() async throws {
        let pool = try TemporaryDatabase.current.pool
        let report = try await run([Self.prm800k], .prm800k)
        #expect(report.rowCount == 1 && report.labelCount == 3 && report.addedCount == 3)
        let rows = try await pool.query(
            """
            SELECT t.content #> '{answers,0,steps}' AS steps, j.judgement -> 'ratings' AS ratings, j.labeller
            FROM hone.judgements j JOIN hone.label_tasks t ON t.id = j.task_id ORDER BY j.label_id
            """)
        let ratings = try rows.map { try $0.decode("ratings", as: PostgresJSON.self).decode([Int?].self) }
        #expect(ratings == [[1, nil, 0], [-1], [nil, -1]])
        let path = try rows[0].decode("steps", as: PostgresJSON.self).decode([String].self)
        #expect(path == ["First 3*4=12.", "So 2+12=14.", "# Answer 14"])
        #expect(try rows[0].decode("labeller") == "prm800k/e9")
        let freeze = try await Freeze.take("steps", steps: LabelSelection(.steps, origin: "prm800k"), using: pool)
            .freeze
        #expect(try await freeze.stepLabels(from: pool).map(\.ratings) == [[1, nil, 0], [-1], [nil, -1]])
    }

    @Test func aPRMBenchRowGivesPeoplesStepsAndPlantedErrorsApart() async throws {
        let pool = try TemporaryDatabase.current.pool
        let row = """
            {"original_question":"1+1?","modified_question":"1+1?","original_process":["1. 1+1=2","2. So 2."],\
            "modified_process":["1. 1+1=3","2. Thus 3.","3. So 3."],"modified_steps":[1],"error_steps":[1,2,9],\
            "reason":"r","idx":"p_0","question":"1+1?","classification":"deception"}
            """
        #expect(try await run([row], .prmbench).addedCount == 2)
        #expect(try await pool.value("SELECT judgement ->> 'ratings' FROM hone.judgements") == "[1, 1]")
        #expect(
            try await pool.value("SELECT judgement ->> 'ratings' FROM hone.all_judgements WHERE source = 'simulated'")
                == "[-1, -1, 1]", "a step beyond the last says nothing")
        #expect(
            try await pool.value("SELECT content #>> '{answers,0,steps,0}' FROM hone.label_tasks LIMIT 1") == "1+1=2")
    }

    @Test func anHHRLHFRowIsSplitWhereItsTranscriptsPart() async throws {
        let pool = try TemporaryDatabase.current.pool
        let row = #"""
            {"chosen":"\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: 1+1?\n\nAssistant: It is 2.",\#
            "rejected":"\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: 1+1?\n\nAssistant: It is 3."}
            """#
        let silent = #"{"chosen":"\n\nAssistant: a","rejected":"\n\nAssistant:"}"#
        let report = try await run([row, row, silent], .hhRLHF)
        #expect(report.addedCount == 1, "the same row twice is one label")
        #expect(report.rowCount == 3 && report.emptyRowCount == 1, "an answer against none is no pair")
        let pair = try #require(
            try await Freeze.take("hh", preferences: LabelSelection(.preference, origin: "hh-rlhf"), using: pool)
                .freeze.preferencePairs(from: pool).first)
        #expect(pair.prompt == "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: 1+1?\n\nAssistant:")
        #expect(pair.chosen == "It is 2." && pair.rejected == "It is 3.")
    }

    @Test func theOppositeJudgementOfAPairIsALabelOfItsOwnAndTheFreezeCountsTheContradiction() async throws {
        let pool = try TemporaryDatabase.current.pool
        func row(_ chosen: String, _ rejected: String) -> String {
            #"{"chosen":"\n\nAssistant: \#(chosen)","rejected":"\n\nAssistant: \#(rejected)"}"#
        }
        let lines = [row("2", "3"), row("2", "4")]
        #expect(try await run(lines, .hhRLHF).addedCount == 2)
        let reversed = [row("3", "2")]
        #expect(try await run(reversed, .hhRLHF).addedCount == 1)
        #expect(try await run(lines + reversed, .hhRLHF).addedCount == 0, "what is there already is not added again")
        let selection = LabelSelection(.preference, origin: "hh-rlhf")
        let report = try await Freeze.take("hh", preferences: selection, using: pool)
        #expect(report.labelCount == 3 && report.contradictionCount == 1 && report.freeze.rowCount == 1)
        let agreement = try await AgreementReport(selection, from: pool)
        #expect(agreement.labelCount == 3 && agreement.sharedUnitCount == 0, "nobody disagrees with oneself")
        try await pool.expectSoundLabels()
    }

    @Test func gsm8kSolutionsGiveAVerifiersPairForEachRightAndWrongOne() async throws {
        let pool = try TemporaryDatabase.current.pool
        let row = #"""
            {"question":"1+1?","ground_truth":"1+1=<<1+1=2>>2\nA: 2",\#
            "6b_finetuning":{"is_correct":false,"solution":"A: 3"},\#
            "6b_verification":{"is_correct":true,"solution":"x\nA: 2"},\#
            "175b_finetuning":{"is_correct":false,"solution":"A: 4"},\#
            "175b_verification":{"is_correct":true,"solution":"y\nA: 2"}}
            """#
        #expect(try await run([row], .gsm8kSolutions).addedCount == 4)
        #expect(try await pool.value("SELECT count(*) FROM hone.judgements") == 0, "no people's labels")
        let selection = LabelSelection(.preference, source: .verifier)
        let freeze = try await Freeze.take("v", preferences: selection, using: pool).freeze
        let pairs = try await freeze.preferencePairs(from: pool)
        #expect(pairs.count == 4 && pairs.allSatisfy { $0.chosen.hasSuffix("A: 2") && !$0.rejected.hasSuffix("A: 2") })
    }

    @Test func whatIsExportedIsImportedAgain() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(3, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.preference, dataset: "sums"), in: pool)
        let desk = LabelDesk(labeller: "anna", session: pool)
        while let question = try await desk.next() {
            try await desk.submit(.preference(.left, strength: 3), for: question.slot)
        }
        var lines: [String] = []
        #expect(try await LabelExport.lines(of: nil, source: .person, from: pool) { lines.append($0) } == 3)
        #expect(try await run(lines, .hone).addedCount == 3)
        let before = try await Freeze.take(
            "asked", preferences: LabelSelection(.preference, checkpoint: 1), using: pool)
        let after = try await Freeze.take(
            "imported", preferences: LabelSelection(.preference, origin: "hone"), using: pool)
        let pairs = try await before.freeze.preferencePairs(from: pool)
        let imported = try await after.freeze.preferencePairs(from: pool)
        #expect(
            pairs.map { [$0.prompt, $0.chosen, $0.rejected] } == imported.map { [$0.prompt, $0.chosen, $0.rejected] })
        #expect(imported.map(\.margin) == [3, 3, 3])
    }

    @Test(arguments: [
        (LabelFormat.hhRLHF, #"{"chosen":"a","rejected":"b"}"#, "Assistant"),
        (.hhRLHF, #"{"chosen":"\n\nAssistant: a","rejected":"\n\nAssistant: a"}"#, "the same"),
        (.hhRLHF, #"{"chosen":"\n\nAssistant: a"}"#, "\"rejected\" is missing"),
        (.prm800k, "nonsense", "not valid JSON"),
        (.prm800k, Self.prm800k.replacing(#""rating":0"#, with: #""rating":7"#), "rating of 7"),
        (.prm800k, Self.prm800k.replacing(#""chosen_completion":0}]"#, with: #""chosen_completion":4}]"#), "of 1"),
        (.prmbench, #"{"idx":"a"}"#, "is missing"),
        (.gsm8kSolutions, #"{"question":"q","ground_truth":"no answer"}"#, "is missing"),
        (
            .hone,
            #"{"kind":"rating","source":"person","labeller":"a","prompt":"p","answers":[],"judgement":{"rating":3}}"#,
            "1 answers"
        ),
        (
            .hone, #"{"kind":"rating","source":"nobody","labeller":"a","prompt":"p","answers":[],"judgement":{}}"#,
            "source"
        ),
    ]) func aBadRowIsNamedByItsLineAndNothingIsImported(
        _ format: LabelFormat, _ row: String, _ reason: String
    ) async throws {
        let good: [LabelFormat: String] = [
            .hhRLHF: #"{"chosen":"\n\nAssistant: a","rejected":"\n\nAssistant: b"}"#, .prm800k: Self.prm800k,
        ]
        let lines = [good[format], row].compactMap(\.self)
        let error = await #expect(throws: DatasetError.self) { try await run(lines, format) }
        guard case .badRow(_, let line, let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(line == lines.count)
        #expect(text.contains(reason), "\(text)")
        #expect(try await TemporaryDatabase.current.pool.value("SELECT count(*) FROM hone.label_tasks") == 0)
    }

    @Test func aCompressedFileSaysHowToUnpackIt() async throws {
        let error = await #expect(throws: DatasetError.self) {
            try await run(["\u{1F}\u{8B}"], .hhRLHF, name: "a.jsonl.gz")
        }
        #expect(try #require(error).description.contains("gunzip -k"))
    }
}
