internal import HoneTensor

/// Examples side by side, as the loss wants them.
///
/// Shape legend: B rows, T tokens, N predicted tokens of all rows, M those of prompts.
struct TokenBatch {
    /// Inputs as `.int64`, filled up on the right; attention is causal, so no real token sees the filling.
    let ids_BT: Tensor
    /// Where in the flattened inputs a token of a completion is predicted, as `.int64`.
    let positions_N: Tensor
    /// The predicted tokens, as `.int64`.
    let targets_N: Tensor
    /// The same for the tokens of prompts after the first.
    let promptPositions_M: Tensor
    let promptTargets_M: Tensor
    /// Tokens without the filling.
    let tokenCount: Int

    init(_ examples: [Int32], of set: TrainingSet, padToken: Int32) {
        let counts = examples.map { Int(set.entries[Int($0)].count) - 1 }
        let multiple = BatchPlan.lengthMultiple
        let length = ((counts.max() ?? 0) + multiple - 1) / multiple * multiple
        var ids = [Int](repeating: Int(padToken), count: examples.count * length)
        var positions: [Int] = []
        var targets: [Int] = []
        var promptPositions: [Int] = []
        var promptTargets: [Int] = []
        for (row, example) in examples.enumerated() {
            let promptCount = Int(set.entries[Int(example)].promptCount)
            for (column, token) in set.tokens(of: Int(example)).enumerated() {
                if column < counts[row] { ids[row * length + column] = Int(token) }
                if column >= max(promptCount, 1) {
                    positions.append(row * length + column - 1)
                    targets.append(Int(token))
                } else if column > 0 {
                    promptPositions.append(row * length + column - 1)
                    promptTargets.append(Int(token))
                }
            }
        }
        ids_BT = Tensor(ids, shape: [examples.count, length])
        positions_N = Tensor(positions)
        targets_N = Tensor(targets)
        promptPositions_M = Tensor(promptPositions)
        promptTargets_M = Tensor(promptTargets)
        tokenCount = counts.reduce(0, +)
    }
}
