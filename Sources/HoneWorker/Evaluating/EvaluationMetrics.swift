import HoneCatalog
import HoneEvaluation

/// The metrics of an evaluation: single numbers by the names that a gate asks for, and the whole report.
struct EvaluationMetrics: Encodable {
    /// For example `accuracy` and `level1_accuracy`, shares from 0 to 1.
    let numbers: [String: Double]
    let report: EvaluationReport
    let cut: DataCut

    init(_ report: EvaluationReport, cut: DataCut) {
        numbers = Self.numbers(of: report)
        self.report = report
        self.cut = cut
    }

    /// The single numbers of a report.
    static func numbers(of report: EvaluationReport) -> [String: Double] {
        var numbers = [
            "accuracy": report.accuracy.value, "sound": report.sound.value, "valid_steps": report.steps.valid.value,
            "examples": Double(report.exampleCount), "examples_per_second": report.examplesPerSecond,
        ]
        for (level, share) in report.levels where level != "none" { numbers["level\(level)_accuracy"] = share.value }
        return numbers
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in numbers { try container.encode(value, forKey: Key(stringValue: name)) }
        try container.encode(report, forKey: Key(stringValue: "report"))
        try container.encode(cut, forKey: Key(stringValue: "cut"))
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }
}
