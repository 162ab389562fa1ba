import HoneInference
import HoneProblems
import HoneTokenizer
import HoneTraining

/// A solution with its exact labels. There is one way to work such a problem out, so a line is right if it says what
/// the worked solution says there.
struct LabelledSolution {
    let isRight: Bool
    /// The ends of lines up to the first wrong one; the last line ends with the last token.
    let steps: StepExample
    /// Every symbol up to the end of the first wrong line, whether all is well so far.
    let symbols: StepExample
    /// The last token alone, and whether the answer is right.
    let outcome: StepExample
    /// The ends of all lines, for judging.
    let everyLine: StepExample
    /// The number of the first line that is wrong; nil where all hold.
    let firstError: Int?

    init(_ result: GenerationResult, of problem: Problem) {
        let tokenizer = SupervisedPolicy.tokenizer
        let lineBreak = tokenizer.encode("\n")[0]
        let shown = (tokenizer.encode(problem.completion) + [tokenizer.endOfTextID]).split(separator: lineBreak)
        let lines = result.tokens.split(separator: lineBreak, omittingEmptySubsequences: false)
        let row = SupervisedPolicy.row(problem, result)
        let start = row.count - result.tokens.count
        let labels = lines.enumerated().map { number, line in
            StepExample.Label(
                position: min(start + line.endIndex, row.count - 1),
                isRight: number < shown.count && line == shown[number])
        }
        isRight = SolutionChecker().check(result.text, of: problem).verdict == .correct
        firstError = labels.firstIndex { !$0.isRight }
        everyLine = StepExample(tokens: row, labels: labels)
        steps = StepExample(tokens: row, labels: Array(labels.prefix((firstError ?? labels.count) + 1)))
        let shownSymbols = tokenizer.encode(problem.completion) + [tokenizer.endOfTextID]
        let same = zip(result.tokens, shownSymbols).prefix { $0 == $1 }.count
        let end = steps.labels[steps.labels.count - 1].position
        symbols = StepExample(
            tokens: row, labels: (start...end).map { .init(position: $0, isRight: $0 - start < same) })
        outcome = StepExample(tokens: row, labels: [StepExample.Label(position: row.count - 1, isRight: isRight)])
    }
}
