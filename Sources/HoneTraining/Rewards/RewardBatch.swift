internal import HoneTensor

/// Labelled answers side by side.
///
/// Shape legend: B rows, T tokens, N places that are scored.
struct RewardBatch {
    /// Filled up on the right; attention is causal, so no real token sees the filling.
    let ids_BT: Tensor
    /// Flattened places that are scored: each row's last token, or the ends of steps.
    let positions_N: Tensor
    /// Tokens without the filling.
    let tokenCount: Int

    /// - Parameters:
    ///   - rows: tokens of every row
    ///   - places: the places in a row that are scored
    ///   - padToken: fills up
    init(rows: [[Int32]], places: [[Int]], padToken: Int32) {
        let multiple = BatchPlan.lengthMultiple
        let length = ((rows.map(\.count).max() ?? 0) + multiple - 1) / multiple * multiple
        let ids = rows.flatMap { row in
            row.map(Int.init) + repeatElement(Int(padToken), count: length - row.count)
        }
        ids_BT = Tensor(ids, shape: [rows.count, length])
        positions_N = Tensor(places.enumerated().flatMap { row, places in places.map { row * length + $0 } })
        tokenCount = rows.reduce(0) { $0 + $1.count }
    }

    /// Each row's last token.
    init(lastTokensOf rows: [[Int32]], padToken: Int32) {
        self.init(rows: rows, places: rows.map { [$0.count - 1] }, padToken: padToken)
    }
}
