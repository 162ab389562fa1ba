import Foundation

/// What `hone-bench continual` measured: by method what is read off the matrices, and the matrices themselves.
struct ContinualReport {
    let tasks: [ContinualTask]
    let firstSeed: UInt64
    /// By seed, the accuracy on each task alone.
    var solo: [[Double]] = []
    private var runs: [(method: ContinualMethod, seeds: [ContinualMeasurement.Run])] = []

    init(tasks: [ContinualTask], firstSeed: UInt64) {
        self.tasks = tasks
        self.firstSeed = firstSeed
    }

    mutating func add(_ run: ContinualMeasurement.Run, of method: ContinualMethod) {
        if let place = runs.firstIndex(where: { $0.method == method }) {
            runs[place].seeds.append(run)
        } else {
            runs.append((method, [run]))
        }
    }

    func show(asJSON: Bool) throws {
        let report = SuiteReport(suite: "continual", rows: rows, absent: [])
        if asJSON {
            try printJSONLine(Printed(report: report, tasks: tasks.map(\.rawValue), solo: solo, matrices: matrices))
            return
        }
        for (method, seeds) in runs {
            for (seed, run) in seeds.enumerated() {
                let name = "\(method.rawValue), seed \(firstSeed + UInt64(seed))"
                print("\(name): after each task, the accuracy on each, in %")
                for (task, row) in zip(tasks, run.matrix.rows) { print(line(task.rawValue, row)) }
            }
        }
        for (seed, row) in solo.enumerated() { print("solo, seed \(firstSeed + UInt64(seed))\n" + line("", row)) }
        try report.show(asJSON: false)
    }

    private func line(_ name: String, _ row: [Double]) -> String {
        let cells = row.map { String(format: "%6.1f", 100 * $0) }.joined()
        return "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0) + cells
    }

    private var matrices: [String: [AccuracyMatrix]] {
        Dictionary(uniqueKeysWithValues: runs.map { ($0.method.rawValue, $0.seeds.map(\.matrix)) })
    }

    private var rows: [SuiteReport.Row] {
        runs.flatMap { method, seeds in
            func row(_ name: String, _ unit: String, _ values: [Double]) -> SuiteReport.Row {
                SuiteReport.Row(name: "\(method.rawValue): \(name)", unit: unit, sample: Sample(values), beside: nil)
            }
            func points(_ name: String, _ value: (AccuracyMatrix) -> Double) -> SuiteReport.Row {
                row(name, "points", seeds.map { 100 * value($0.matrix) })
            }
            return [
                row("accuracy at the end", "%", seeds.map { 100 * $0.matrix.finalAccuracy }),
                points("backward transfer", \.backwardTransfer),
                points("forgetting (Chaudhry)", \.forgetting),
                points("largest loss of a suite", \.largestLoss),
                row("plasticity", "%", seeds.map { 100 * $0.matrix.plasticity }),
                row(
                    "lowest share of solo", "%",
                    zip(seeds, solo).map { 100 * $0.matrix.lowestShare(of: $1) }),
                row(
                    "tasks that hold", "of \(tasks.count)",
                    zip(seeds, solo).map { Double($0.matrix.heldCount(solo: $1)) }),
                row("training", "s", seeds.map(\.seconds)),
            ]
        }
    }

    private struct Printed: Encodable {
        let report: SuiteReport
        let tasks: [String]
        let solo: [[Double]]
        let matrices: [String: [AccuracyMatrix]]
    }
}
