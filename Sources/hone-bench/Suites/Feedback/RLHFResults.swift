import HoneEvaluation

/// What all seeds gave.
struct RLHFResults {
    var rewards: [PreferenceMeasurement.RewardResult] = []
    var policies: [PolicyMeasurement.Run] = []
    var weak: [OverOptimization] = []
    var processes: [ProcessMeasurement.Result] = []

    var report: SuiteReport {
        SuiteReport(
            suite: "rlhf", rows: rewardRows + policyRows + watchRows + processRows,
            absent: (policies + weak.map(\.watched)).compactMap(\.stopCause))
    }

    private var rewardRows: [SuiteReport.Row] {
        var table = Table(rewards)
        table.add("pairs", "pairs") { Double($0.pairCount) }
        table.add("reward model: agrees with noisy labels", "%", goal: 82) { 100 * $0.accuracy }
        table.add("reward model: most that is possible", "%") { 100 * $0.ceiling }
        table.add("reward model: agrees with the utility", "%") { 100 * $0.trueAccuracy }
        table.add("reward model: calibration error", "", goal: 0.05) { $0.calibrationError }
        table.add("reward model: calibration error by chance alone", "") { $0.calibrationNoise }
        table.add("reward model: labels that it takes for slips", "%") { 100 * $0.flipRate }
        table.add("reward model: scaled by, to be as sure as it is right", "") { $0.slope }
        table.add("reward model: correlation of reward and length", "") { $0.lengthCorrelation }
        table.add("reward model: on separable pairs", "%", goal: 100) { 100 * $0.separableAccuracy }
        return table.rows
    }

    private var policyRows: [SuiteReport.Row] {
        var table = Table(policies)
        table.add("policy: its answer is better, of prompts where one is", "%", goal: 80) { run in
            100 * Double(run.betterCount) / Double(max(1, run.betterCount + run.worseCount))
        }
        table.add("policy: better", "prompts") { Double($0.betterCount) }
        table.add("policy: worse", "prompts") { Double($0.worseCount) }
        table.add("policy: equally good", "prompts") { Double($0.equalCount) }
        table.add("policy: utility before", "") { $0.before.utility }
        table.add("policy: utility after", "") { $0.after.utility }
        table.add("policy: right before", "%") { 100 * $0.before.rightShare }
        table.add("policy: right after", "%") { 100 * $0.after.rightShare }
        table.add("policy: length, after over before", "", goal: 1) { $0.after.length / $0.before.length }
        table.add("policy: utility's fall from its peak", "%", goal: 2) { 100 * $0.fall }
        return table.rows
    }

    private var watchRows: [SuiteReport.Row] {
        var table = Table(weak)
        table.add("reward model of few labels: agrees with the utility", "%") { 100 * $0.trueAccuracy }
        table.add("policy by that one, watched: utility's fall from its peak", "%", goal: 2) { 100 * $0.watchedFall }
        table.add("policy by that one, not watched: utility's fall from its peak", "%") { 100 * $0.unwatchedFall }
        table.add("policy by that one, watched: steps kept", "steps") { Double($0.watched.keptAt) }
        return table.rows
    }

    private var processRows: [SuiteReport.Row] {
        var table = Table(processes)
        table.add("one answer is right", "%") { 100 * $0.oneAnswer }
        table.add("best of 16: by the majority", "%") { 100 * $0.majority }
        table.add("best of 16: by the outcome model, told which answers are right", "%") { 100 * $0.verdicts }
        table.add("best of 16: by the outcome model, told which of two is", "%") { 100 * $0.pairs }
        table.add("best of 16: by one told at every line whether the end is right", "%") { 100 * $0.everyLine }
        table.add("best of 16: by the process model", "%") { 100 * $0.process }
        table.add("best of 16: some answer is right", "%") { 100 * $0.any }
        table.add("process over the better outcome model, lower bound", "points", goal: 0) {
            100 * min($0.overVerdicts.lower, $0.overPairs.lower)
        }
        table.add("process over one told at every line, lower bound", "points") { 100 * $0.overEveryLine.lower }
        table.add("process over the majority, lower bound", "points", goal: 0) { 100 * $0.overMajority.lower }
        table.add("first wrong line found, F1", "") { $0.firstErrorF1 }
        table.add("lines up to the first wrong one: judged rightly", "%") { 100 * $0.lineAccuracy }
        table.add("lines up to the first wrong one: are right", "%") { 100 * $0.rightLineShare }
        table.add("lines up to the first wrong one: calibration error", "") { $0.calibrationError }
        return table.rows
    }

    /// One row a measure, over all seeds.
    private struct Table<Result> {
        let results: [Result]
        private(set) var rows: [SuiteReport.Row] = []

        init(_ results: [Result]) { self.results = results }

        mutating func add(_ name: String, _ unit: String, goal: Double? = nil, _ value: (Result) -> Double) {
            if results.isEmpty { return }
            rows.append(
                SuiteReport.Row(
                    name: name, unit: unit, sample: Sample(results.map(value)),
                    beside: goal.map { SuiteReport.Beside(name: "goal", sample: Sample([$0])) }))
        }
    }
}
