import Foundation
import HoneEvaluation
import Testing

@Suite struct EvaluationTests {
    private let answers = [
        AnsweredExample(
            key: "a", prompt: "3*(4+5)=?", reference: "27", level: 2, completion: "4+5=9\n3*9=27\n#### 27",
            tokenCount: 20,
            finishReason: "stop"),
        AnsweredExample(
            key: "b", prompt: "7+8=?", reference: "15", level: 1, completion: "7+8=16\n#### 16", tokenCount: 12,
            finishReason: "stop"),
        AnsweredExample(
            key: "c", prompt: "9-2=?", reference: "7", level: 1, completion: "9-2=7\n9-", tokenCount: 40,
            finishReason: "length"),
        AnsweredExample(
            key: "d", prompt: "6/2=?", reference: "3", completion: "so three\n6/2=4\n#### 3", tokenCount: 8,
            finishReason: "stop"),
    ]

    @Test func theReportCountsWhatTheCheckerSays() {
        let evaluation = Evaluation(answers, seconds: 2)
        let report = evaluation.report
        #expect(report.accuracy.successCount == 2 && report.accuracy.count == 4)
        #expect(report.levels.mapValues(\.value) == ["1": 0, "2": 1, "none": 1])
        #expect(report.verdicts == ["correct": 2, "wrong": 1, "unscorable": 1])
        // Of seven lines three are true, two are false, one is cut off and one is no equation.
        #expect(report.steps.valid.successCount == 3 && report.steps.valid.count == 7)
        #expect(report.steps.invalidCount == 2 && report.steps.unparsableCount == 2)
        #expect(report.sound.successCount == 1)
        #expect(report.tokens.total == 80 && report.tokens.longest == 40 && report.tokens.perSecond == 40)
        #expect(report.finishReasons == ["stop": 3, "length": 1])
        #expect(report.examplesPerSecond == 2)
        #expect(evaluation.outcomes == ["a": true, "b": false, "c": false, "d": true])
    }

    @Test func theReportSurvivesJSON() throws {
        let report = Evaluation(answers, seconds: 2).report
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(EvaluationReport.self, from: data) == report)
        let fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(fields["finish_reasons"] != nil && fields["examples_per_second"] != nil)
    }

    @Test func noAnswersMakeAnEmptyReport() {
        let report = Evaluation([], seconds: 0).report
        #expect(report.exampleCount == 0 && report.accuracy.count == 0 && report.tokens.mean == 0)
    }
}
