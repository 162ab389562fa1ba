internal import HoneModel
internal import HoneTensor

/// Examples one behind the other, as the loss wants them.
///
/// Shape legend: N predicted tokens of all examples, M those of prompts.
struct TokenBatch {
    /// Examples without their last tokens, which are only ever targets.
    let line: TokenLine
    /// Where in the line a token of a completion is predicted, as `.int64`.
    let positions_N: Tensor
    /// The predicted tokens, as `.int64`.
    let targets_N: Tensor
    /// The same for the tokens of prompts after the first.
    let promptPositions_M: Tensor
    let promptTargets_M: Tensor

    var tokenCount: Int { line.tokenCount }

    init(_ examples: [Int32], of set: TrainingSet) {
        var inputs: [ArraySlice<Int32>] = []
        var positions: [Int] = []
        var targets: [Int] = []
        var promptPositions: [Int] = []
        var promptTargets: [Int] = []
        var start = 0
        for example in examples {
            let promptCount = Int(set.entries[Int(example)].promptCount)
            let tokens = Array(set.tokens(of: Int(example)))
            for (column, token) in tokens.enumerated() {
                if column >= max(promptCount, 1) {
                    positions.append(start + column - 1)
                    targets.append(Int(token))
                } else if column > 0 {
                    promptPositions.append(start + column - 1)
                    promptTargets.append(Int(token))
                }
            }
            inputs.append(tokens.dropLast())
            start += tokens.count - 1
        }
        line = TokenLine(inputs)
        positions_N = Tensor(positions)
        targets_N = Tensor(targets)
        promptPositions_M = Tensor(promptPositions)
        promptTargets_M = Tensor(promptTargets)
    }

    /// What a model says about the tokens of completions, `[N, V]`.
    func logits_NV(_ model: CausalLanguageModel) -> Tensor {
        model.logits(model.hiddenStates(line, at: positions_N))
    }
}
