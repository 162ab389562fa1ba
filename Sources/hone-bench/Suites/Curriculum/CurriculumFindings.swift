import Foundation
import HonePlots

/// What `curriculum` found, as a table, one JSON object and a picture.
struct CurriculumFindings: Encodable {
    struct Arm: Encodable {
        let task: String
        let arm: String
        /// Seed by seed; where the target was not reached, all steps that were given.
        let steps: Sample
        let reachedCount: Int
        /// Steps over those of every control that was run; empty for the controls themselves.
        let over: [String: StepRatio]
    }

    struct Gap: Encodable {
        let task: String
        let arm: String
        /// Share of the hard problems of the noisy pool that are written as they stand there, wrong answers included.
        let trained: Sample
        /// Share of held-out hard problems that are right.
        let heldOut: Sample
        /// trained - heldOut.
        let gap: Sample
    }

    let suite = "curriculum"
    let machine = Machine()
    let target: Double
    let stepLimit: Int
    let arms: [Arm]
    let gaps: [Gap]
    /// What `reproduce` reads.
    let rows: [SuiteReport.Row]

    init(
        _ outcomes: [CurriculumTask: [CurriculumMeasurement.Outcome]], gaps: [Gap],
        settings: CurriculumMeasurement.Settings
    ) {
        target = settings.target
        stepLimit = settings.stepLimit
        self.gaps = gaps
        let arms = CurriculumTask.allCases.flatMap { task -> [Arm] in
            let ofTask = Dictionary(grouping: outcomes[task] ?? [], by: \.arm)
            func steps(_ arm: CurriculumArm) -> [Double]? {
                ofTask[arm].map { outcomes in outcomes.map { Double($0.stepsToTarget ?? settings.stepLimit) } }
            }
            return CurriculumArm.allCases.compactMap { arm -> Arm? in
                guard let own = steps(arm) else { return nil }
                let controls = CurriculumArm.controls.contains(arm) ? [] : CurriculumArm.controls
                return Arm(
                    task: task.rawValue, arm: arm.rawValue, steps: Sample(own),
                    reachedCount: ofTask[arm]?.count { $0.stepsToTarget != nil } ?? 0,
                    over: controls.reduce(into: [:]) { ratios, control in
                        ratios[control.rawValue] = steps(control).map { StepRatio(own, over: $0) }
                    })
            }
        }
        self.arms = arms
        rows =
            arms.map {
                SuiteReport.Row(name: "\($0.task), \($0.arm): steps", unit: "steps", sample: $0.steps, beside: nil)
            }
            + gaps.map {
                SuiteReport.Row(name: "\($0.task), \($0.arm): noisy gap", unit: "", sample: $0.gap, beside: nil)
            }
    }

    var table: [String] {
        func text(_ ratio: StepRatio?) -> String {
            ratio.map { String(format: "%.2f (%.2f to %.2f)", $0.ratio, $0.lower, $0.upper) } ?? ""
        }
        func percent(_ sample: Sample) -> String { String(format: "%.1f", 100 * sample.median) }
        let controls = CurriculumArm.controls.map(\.rawValue).filter { control in arms.contains { $0.arm == control } }
        let head = ["task", "arm", "median steps", "spread", "reached"] + controls.map { "over \($0)" }
        let steps = arms.map { arm in
            [
                arm.task, arm.arm, "\(Int(arm.steps.median))",
                "\(Int(arm.steps.range.lowerBound)) to \(Int(arm.steps.range.upperBound))",
                "\(arm.reachedCount) of \(arm.steps.values.count)",
            ] + controls.map { text(arm.over[$0]) }
        }
        let noise = gaps.map { gap in
            [gap.task, gap.arm, percent(gap.trained), percent(gap.heldOut), percent(gap.gap)]
        }
        return ["steps to \(Int(100 * target)) % of held-out hard problems, at most \(stepLimit)"]
            + aligned([head] + steps)
            + (noise.isEmpty
                ? []
                : ["", "2,000 examples, 10 % of them with a wrong answer: medians in %"]
                    + aligned([["task", "arm", "trained", "held out", "gap"]] + noise))
    }

    private func aligned(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        }
    }

    /// Held-out accuracy over the steps, a chart for every task, a line for every seed.
    static func figure(_ outcomes: [CurriculumTask: [CurriculumMeasurement.Outcome]]) -> Figure {
        let colors: [CurriculumArm: Mark.Color] = [
            .hardOnly: .vermilion, .uniform: .blue, .shuffled: .black, .staged: .green, .adaptive: .purple,
            .deficit: .orange,
        ]
        let charts = CurriculumTask.allCases.compactMap { task -> Chart? in
            guard let ofTask = outcomes[task] else { return nil }
            var named: Set<CurriculumArm> = []
            let marks = ofTask.map { outcome in
                Mark(
                    .line(outcome.curve.map { Point(Double($0.step), $0.accuracy) }),
                    name: named.insert(outcome.arm).inserted ? outcome.arm.rawValue : nil,
                    color: colors[outcome.arm] ?? .black)
            }
            return Chart(
                title: task.text, xLabel: "optimizer steps", yLabel: "held-out accuracy", marks: marks, yRange: 0...1)
        }
        return Figure(title: "Held-out hard problems, by what the steps before were spent on", charts: charts)
    }
}
