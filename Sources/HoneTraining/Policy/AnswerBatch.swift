internal import HoneModel
internal import HoneTensor

/// Prompts with their answers one behind the other: what is computed at once.
///
/// Shape legend: B answers, N tokens of all answers, W tokens of the step's longest answer.
struct AnswerBatch {
    /// The answers' numbers among the step's.
    let rows: [Int]
    let rows_B: Tensor
    /// Prompts and answers without their last tokens.
    let line: TokenLine
    /// Where in the line a token of an answer is predicted.
    let positions_N: Tensor
    let targets_N: Tensor
    /// Where the token stands in the flattened `[B, W]`.
    let places_N: Tensor
    private let width: Int

    /// - Parameters:
    ///   - rows: numbers of the answers
    ///   - answers: all of the step
    ///   - width: tokens of the longest answer of all
    init(rows: [Int], of answers: [PromptedAnswer], width: Int) {
        var (positions, targets, places): ([Int], [Int], [Int]) = ([], [], [])
        var start = 0
        for (row, number) in rows.enumerated() {
            let answer = answers[number]
            for (t, token) in answer.tokens.enumerated() {
                positions.append(start + answer.prompt.count - 1 + t)
                targets.append(Int(token))
                places.append(row * width + t)
            }
            start += answer.inputCount
        }
        self.rows = rows
        self.width = width
        rows_B = Tensor(rows)
        line = TokenLine(rows.map { answers[$0].prompt + answers[$0].tokens.dropLast() })
        positions_N = Tensor(positions)
        targets_N = Tensor(targets)
        places_N = Tensor(places)
    }

    /// Of prompts and answers together.
    var tokenCount: Int { line.lengths.reduce(0, +) }

    /// What `model` says about the answers' tokens.
    func distribution(_ model: CausalLanguageModel, temperature: Double) -> TokenDistribution {
        TokenDistribution(
            logits_NV: model.logits(model.hiddenStates(line, at: positions_N)), targets_N: targets_N,
            temperature: temperature)
    }

    /// What the critic expects before each of the answers' tokens, `[N]`.
    func values(_ critic: ScoringModel) -> Tensor { critic.scores(line, at: positions_N) }

    /// One number a token in the shape of answers, `[N]` to `[B, W]`, 0 behind their ends.
    func spread(_ values_N: Tensor) -> Tensor {
        Tensor.zeros([rows.count * width]).scatter(0, index: places_N, source: values_N).view(rows.count, width)
    }

    /// The rows of a quantity of the whole step, `[R, W]` to `[B, W]`.
    func part(_ whole_RW: Tensor) -> Tensor { whole_RW.indexSelect(0, rows_B) }

    /// Cuts answers, by rising length, into batches of at most so many tokens, or of one answer.
    static func cut(_ rows: [Int], of answers: [PromptedAnswer], width: Int, tokensPerBatch: Int) -> [AnswerBatch] {
        var (batches, tokenCount): ([[Int]], Int) = ([], 0)
        for row in rows.sorted(by: { (answers[$0].inputCount, $0) < (answers[$1].inputCount, $1) }) {
            tokenCount += answers[row].inputCount
            if batches.isEmpty || tokenCount > tokensPerBatch {
                batches.append([])
                tokenCount = answers[row].inputCount
            }
            batches[batches.count - 1].append(row)
        }
        return batches.map { AnswerBatch(rows: $0, of: answers, width: width) }
    }
}

/// An answer behind its prompt, as tokens.
struct PromptedAnswer {
    let prompt: [Int32]
    let tokens: [Int32]

    /// Tokens that the network reads: the last one is only ever a target.
    var inputCount: Int { prompt.count + tokens.count - 1 }
}
