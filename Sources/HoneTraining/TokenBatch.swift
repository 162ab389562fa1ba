internal import HoneTensor

/// Examples side by side, as the loss wants them.
///
/// Shape legend: B rows, T tokens, N predicted tokens of all rows.
struct TokenBatch {
    /// Inputs as `.int64`, filled up on the right; attention is causal, so no real token sees the filling.
    let ids_BT: Tensor
    /// Where in the flattened inputs a token of a completion is predicted, as `.int64`.
    let positions_N: Tensor
    /// The predicted tokens, as `.int64`.
    let targets_N: Tensor
    /// Tokens of each row's prompt.
    let promptLengths: [Int]
    /// Tokens without the filling.
    let tokenCount: Int

    /// `masking` hides some of the prompts' tokens.
    init(_ examples: [Int32], of set: TrainingSet, padToken: Int32, masking: PromptMasking? = nil) {
        let counts = examples.map { Int(set.entries[Int($0)].count) - 1 }
        let multiple = BatchPlan.lengthMultiple
        let length = ((counts.max() ?? 0) + multiple - 1) / multiple * multiple
        var masking = masking
        var ids = [Int](repeating: Int(padToken), count: examples.count * length)
        var positions: [Int] = []
        var targets: [Int] = []
        for (row, example) in examples.enumerated() {
            let promptCount = Int(set.entries[Int(example)].promptCount)
            for (column, token) in set.tokens(of: Int(example)).enumerated() {
                let isHidden = column < promptCount && masking?.hides(token) == true
                if column < counts[row], !isHidden { ids[row * length + column] = Int(token) }
                if column >= max(promptCount, 1) {
                    positions.append(row * length + column - 1)
                    targets.append(Int(token))
                }
            }
        }
        ids_BT = Tensor(ids, shape: [examples.count, length])
        positions_N = Tensor(positions)
        targets_N = Tensor(targets)
        promptLengths = examples.map { Int(set.entries[Int($0)].promptCount) }
        tokenCount = counts.reduce(0, +)
    }
}

/// Decides which tokens of prompts a step does not see.
struct PromptMasking {
    let share: Double
    /// Tokens that are never hidden.
    let spared: Set<Int32>
    private var random: SplitMix64

    /// Nil where nothing is hidden.
    init?(_ configuration: SFTConfiguration, step: Int, sparing spared: Set<Int32>) {
        guard configuration.promptMasking > 0 else { return nil }
        share = configuration.promptMasking
        self.spared = spared
        random = SplitMix64(seed: configuration.seed &+ 0xD1B5_4A32_D192_ED03, stream: UInt64(step))
    }

    mutating func hides(_ token: Int32) -> Bool {
        let drawn = Double(random.next() >> 11) * 0x1p-53
        return drawn < share && !spared.contains(token)
    }
}
