/// Accuracies R[i][j] on the suite of task j after training on task i, and what is read off them.
struct AccuracyMatrix: Encodable {
    private(set) var rows: [[Double]] = []

    init() {}

    mutating func append(_ row: [Double]) { rows.append(row) }

    private var last: [Double] { rows[rows.count - 1] }
    private var earlier: Range<Int> { 0..<rows.count - 1 }

    /// Mean of the last row.
    var finalAccuracy: Double { last.reduce(0, +) / Double(last.count) }

    /// Mean over old tasks of R[T][j] - R[j][j] (Lopez-Paz and Ranzato 2017, arXiv:1706.08840, equation 3).
    var backwardTransfer: Double { mean(earlier) { last[$0] - rows[$0][$0] } }

    /// Mean over old tasks of the highest earlier R[l][j], l < T, less R[T][j] (Chaudhry et al. 2018,
    /// arXiv:1801.10112, equation 3).
    var forgetting: Double {
        mean(earlier) { task in (rows.dropLast().map { $0[task] }.max() ?? 0) - last[task] }
    }

    /// Mean of R[j][j] over the tasks after the first: how well a model that holds on to the old learns the new.
    var plasticity: Double { mean(1..<rows.count) { rows[$0][$0] } }

    /// The largest loss of a suite at any time: the highest R[j][j] - R[i][j], i > j; negative where all gained.
    var largestLoss: Double {
        earlier.flatMap { task in rows.indices.dropFirst(task + 1).map { rows[task][task] - rows[$0][task] } }.max()
            ?? 0
    }

    /// The lowest share R[j][j] of what training on the task alone reaches.
    func lowestShare(of solo: [Double]) -> Double {
        zip(rows.indices, solo).map { rows[$0][$0] / $1 }.min() ?? 0
    }

    /// Tasks that were learnt to 95 % of solo and never lost more than a point of what they had when they were learnt.
    func heldCount(solo: [Double]) -> Int {
        rows.indices.count { task in
            let learnt = rows[task][task]
            let lowest = rows[task...].map { $0[task] }.min() ?? learnt
            return learnt >= 0.95 * solo[task] - 1e-9 && learnt - lowest <= 0.01 + 1e-9
        }
    }

    private func mean(_ tasks: Range<Int>, _ value: (Int) -> Double) -> Double {
        tasks.isEmpty ? 0 : tasks.map(value).reduce(0, +) / Double(tasks.count)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rows)
    }
}
