internal import HoneModel
internal import HoneTensor

/// Labelled answers one behind the other.
///
/// Shape legend: N places that are scored.
struct RewardBatch {
    let line: TokenLine
    /// Places in the line that are scored: each row's last token, or the ends of steps.
    let positions_N: Tensor

    /// - Parameters:
    ///   - rows: tokens of every row
    ///   - places: the places in a row that are scored
    init(rows: [[Int32]], places: [[Int]]) {
        line = TokenLine(rows)
        var (start, positions): (Int, [Int]) = (0, [])
        for (row, places) in zip(rows, places) {
            positions += places.map { start + $0 }
            start += row.count
        }
        positions_N = Tensor(positions)
    }

    /// Each row's last token.
    init(lastTokensOf rows: [[Int32]]) { self.init(rows: rows, places: rows.map { [$0.count - 1] }) }
}
