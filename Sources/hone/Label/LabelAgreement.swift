import ArgumentParser
import Foundation
import HoneFeedback

/// `hone label agreement`: how far labellers agree.
struct LabelAgreement: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agreement",
        abstract: "Shows how far labellers agree, kind by kind, and each labeller's agreement and time.",
        discussion: """
            EXAMPLES
              hone label agreement
              hone label agreement --kind preference --checkpoint 12 --json
              hone label agreement --source simulated

            Krippendorff's alpha: 1 is perfect, 0 is chance; nominal for preferences, ordinal for steps and ratings.
            Fleiss' kappa where every unit has as many labels, Cohen's where there are two labellers. In brackets 95 %
            intervals by resampling tasks. A labeller's agreement is how often others said the same, its reliability
            how probably it says what is true (Dawid and Skene), GOLD its right answers to gold questions.
            """)

    @Option(help: "Only this kind.")
    var kind: LabelKind?

    @Option(help: "Whose labels.")
    var source = LabelSource.person

    @Option(help: "Only labels imported under this name.")
    var origin: String?

    @Option(help: "Only labels about samples of this checkpoint.")
    var checkpoint: Int64?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let reports = try await options.withDatabase { connection in
            var reports: [AgreementReport] = []
            for kind in kind.map({ [$0] }) ?? LabelKind.allCases {
                do {
                    reports.append(
                        try await AgreementReport(
                            LabelSelection(kind, source: source, origin: origin, checkpoint: checkpoint),
                            from: connection))
                } catch FeedbackError.noLabels where self.kind == nil {
                    continue  // of the kinds that nobody asked for, only those with labels are shown
                }
            }
            return reports
        }
        guard !reports.isEmpty else { throw FeedbackError.noLabels(kind: .preference, source: source) }
        for report in reports { try options.console.emit(report, text: Self.text(report)) }
    }

    private static func text(_ report: AgreementReport) -> String {
        var details = Details("\(report.kind) labels of source \(report.source)")
        details.add("labels", "\(report.labelCount) on \(report.taskCount) tasks")
        details.add("units with two or more", "\(report.sharedUnitCount)")
        details.add("Krippendorff's alpha", text(report.alpha))
        details.add("Fleiss' kappa", text(report.fleiss))
        details.add("Cohen's kappa", report.kappa.map(text))
        let columns: [Column<LabellerReport>] = [
            Column("LABELLER") { $0.labeller },
            Column("LABELS", isNumber: true) { String($0.labelCount) },
            Column("AGREEMENT", isNumber: true) { $0.agreement.map { number($0 * 100, 1) + " %" } ?? "-" },
            Column("RELIABILITY", isNumber: true) { $0.reliability.map { number($0 * 100, 1) + " %" } ?? "-" },
            Column("GOLD", isNumber: true) { $0.gold.map { "\($0.rightCount) of \($0.answerCount)" } ?? "-" },
            Column("MEDIAN TIME", isNumber: true) { $0.medianSeconds.map { number($0, 1) + " s" } ?? "-" },
        ]
        return details.text + "\n" + Table(columns: columns).text(report.labellers) + "\n"
    }

    private static func text(_ estimate: AgreementEstimate) -> String {
        switch estimate.coefficient {
        case .value(let value):
            number(value, 3)
                + (estimate.interval.map { " (\(number($0.lowerBound, 3)) to \(number($0.upperBound, 3)))" } ?? "")
        case .undefined(let reason): "undefined: \(reason)"
        }
    }
}

private func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
}
