import HoneEvaluation

/// What all seeds gave.
struct RLHFResults {
    var rewards: [PreferenceMeasurement.RewardResult] = []
    var policies: [PreferenceMeasurement.PolicyResult] = []
    var processes: [ProcessMeasurement.Result] = []

    var report: SuiteReport {
        let rows =
            Self.rows(rewards) { row in
                [
                    row("pairs", "pairs", nil) { Double($0.pairCount) },
                    row("reward model: agrees with noisy labels", "%", 82) { 100 * $0.accuracy },
                    row("the same: most that is possible", "%", nil) { 100 * $0.ceiling },
                    row("the same: agrees with the utility", "%", nil) { 100 * $0.trueAccuracy },
                    row("the same: calibration error", "", 0.05) { $0.calibrationError },
                    row("the same: correlation of reward and length", "", nil) { $0.lengthCorrelation },
                    row("the same: on separable pairs", "%", 100) { 100 * $0.separableAccuracy },
                ]
            }
            + Self.rows(policies) { row in
                [
                    row("policy: its answer is better, of prompts where one is", "%", 80) { 100 * $0.preferredShare },
                    row("the same: better, of all prompts", "%", nil) { 100 * $0.winShare },
                    row("the same: worse, of all prompts", "%", nil) { 100 * $0.lossShare },
                    row("the same: utility before", "", nil) { $0.utilityBefore },
                    row("the same: utility after", "", nil) { $0.utilityAfter },
                    row("the same: right before", "%", nil) { 100 * $0.accuracyBefore },
                    row("the same: right after", "%", nil) { 100 * $0.accuracyAfter },
                    row("the same: length, after over before", "", 1) { $0.lengthRatio },
                    row("the same: utility's fall from its peak", "%", 2) { 100 * $0.fallFromPeak },
                ]
            }
            + Self.rows(processes) { row in
                [
                    row("one answer is right", "%", nil) { 100 * $0.oneAnswer },
                    row("best of 16: by the majority", "%", nil) { 100 * $0.majority },
                    row("best of 16: by the outcome model", "%", nil) { 100 * $0.outcome },
                    row("best of 16: by the process model", "%", nil) { 100 * $0.process },
                    row("best of 16: some answer is right", "%", nil) { 100 * $0.any },
                    row("process over outcome, lower bound", "points", 0) { 100 * $0.overOutcome.lower },
                    row("process over majority, lower bound", "points", 0) { 100 * $0.overMajority.lower },
                    row("first wrong line found, F1", "", nil) { $0.firstErrorF1 },
                    row("lines up to the first wrong one: judged rightly", "%", nil) { 100 * $0.lineAccuracy },
                    row("the same: are right", "%", nil) { 100 * $0.rightLineShare },
                    row("the same: calibration error", "", nil) { $0.calibrationError },
                ]
            }
        return SuiteReport(suite: "rlhf", rows: rows, absent: policies.compactMap(\.stopCause))
    }

    private static func rows<Result>(
        _ results: [Result],
        _ make: ((String, String, Double?, @escaping (Result) -> Double) -> SuiteReport.Row) -> [SuiteReport.Row]
    ) -> [SuiteReport.Row] {
        if results.isEmpty { return [] }
        return make { name, unit, bar, value in
            SuiteReport.Row(
                name: name, unit: unit, sample: Sample(results.map(value)),
                beside: bar.map { SuiteReport.Beside(name: "goal", sample: Sample([$0])) })
        }
    }
}
