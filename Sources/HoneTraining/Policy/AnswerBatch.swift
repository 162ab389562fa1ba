internal import HoneModel
internal import HoneTensor

/// Prompts with their answers side by side: what is computed at once.
///
/// Shape legend: B rows, T tokens of prompt and answer, N tokens of all answers, W tokens of the step's longest answer.
struct AnswerBatch {
    /// The rows' numbers among the step's answers.
    let rows: [Int]
    let rows_B: Tensor
    /// Prompt and answer without its last token, filled up on the right.
    let ids_BT: Tensor
    /// Where in the flattened ids a token of an answer is predicted.
    let positions_N: Tensor
    let targets_N: Tensor
    /// Where the token stands in the flattened `[B, W]`.
    let places_N: Tensor
    private let width: Int

    /// - Parameters:
    ///   - rows: numbers of the answers
    ///   - answers: all of the step
    ///   - width: tokens of the longest answer of all
    ///   - padToken: fills up
    ///   - extraPadding: fills up further than needed, for tests
    init(rows: [Int], of answers: [PromptedAnswer], width: Int, padToken: Int32, extraPadding: Int = 0) {
        let multiple = BatchPlan.lengthMultiple
        let longest = rows.map { answers[$0].inputCount }.max() ?? 0
        let length = (longest + multiple - 1) / multiple * multiple + extraPadding
        var (ids, positions, targets, places): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
        for (row, number) in rows.enumerated() {
            let answer = answers[number]
            ids += answer.prompt.map(Int.init) + answer.tokens.dropLast().map(Int.init)
            ids += repeatElement(Int(padToken), count: length - answer.inputCount)
            for (t, token) in answer.tokens.enumerated() {
                positions.append(row * length + answer.prompt.count - 1 + t)
                targets.append(Int(token))
                places.append(row * width + t)
            }
        }
        self.rows = rows
        self.width = width
        rows_B = Tensor(rows)
        ids_BT = Tensor(ids, shape: [rows.count, length])
        positions_N = Tensor(positions)
        targets_N = Tensor(targets)
        places_N = Tensor(places)
    }

    /// What `model` says about the answers' tokens.
    func distribution(_ model: CausalLanguageModel, temperature: Double) -> TokenDistribution {
        let hidden_BTC = model.hiddenStates(ids_BT)
        let hidden_NC = hidden_BTC.flatten(from: 0, through: 1).indexSelect(0, positions_N)
        return TokenDistribution(
            logits_NV: model.logits(hidden_NC), targets_N: targets_N, temperature: temperature)
    }

    /// What the critic expects before each of the answers' tokens, `[N]`.
    func values(_ critic: ScoringModel) -> Tensor { critic.scores(ids_BT, at: positions_N) }

    /// One number a token in the shape of answers, `[N]` to `[B, W]`, 0 behind their ends.
    func spread(_ values_N: Tensor) -> Tensor {
        Tensor.zeros([rows.count * width]).scatter(0, index: places_N, source: values_N).view(rows.count, width)
    }

    /// The rows of a quantity of the whole step, `[R, W]` to `[B, W]`.
    func part(_ whole_RW: Tensor) -> Tensor { whole_RW.indexSelect(0, rows_B) }

    /// Cuts answers into batches of about one length and at most so many tokens with padding.
    static func cut(
        _ rows: [Int], of answers: [PromptedAnswer], width: Int, tokensPerBatch: Int, padToken: Int32
    ) -> [AnswerBatch] {
        var batches: [[Int]] = []
        let multiple = BatchPlan.lengthMultiple
        for row in rows.sorted(by: { (answers[$0].inputCount, $0) < (answers[$1].inputCount, $1) }) {
            let length = (answers[row].inputCount + multiple - 1) / multiple * multiple
            if let last = batches.last, (last.count + 1) * length <= tokensPerBatch {
                batches[batches.count - 1].append(row)
            } else {
                batches.append([row])
            }
        }
        return batches.map { AnswerBatch(rows: $0, of: answers, width: width, padToken: padToken) }
    }
}

/// An answer behind its prompt, as tokens.
struct PromptedAnswer {
    let prompt: [Int32]
    let tokens: [Int32]

    /// Tokens that the network reads: the last one is only ever a target.
    var inputCount: Int { prompt.count + tokens.count - 1 }
}
