import HoneInference
import HoneProblems
import HoneTokenizer
import HoneTraining

/// A solution with its exact labels. There is one way to work such a problem out, so a line is right if it says what
/// the worked solution says there.
struct LabelledSolution {
    let isRight: Bool
    /// What it says in the end, if anything.
    let answer: String?
    /// The ends of lines up to the first wrong one; the last line ends with the last token.
    let steps: StepExample
    /// The last token, and whether the answer is right.
    let verdict: StepExample
    /// The ends of all lines, and whether the answer is right in the end.
    let verdictAtEveryLine: StepExample
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
        let isSolved = SolutionChecker().check(result.text, of: problem).verdict == .correct
        isRight = isSolved
        answer = StepGrammar.parse(result.text).answer
        firstError = labels.firstIndex { !$0.isRight }
        everyLine = StepExample(tokens: row, labels: labels)
        steps = StepExample(tokens: row, labels: Array(labels.prefix((firstError ?? labels.count) + 1)))
        verdict = StepExample(tokens: row, labels: [StepExample.Label(position: row.count - 1, isRight: isSolved)])
        verdictAtEveryLine = StepExample(
            tokens: row, labels: labels.map { .init(position: $0.position, isRight: isSolved) })
    }

    /// Every right solution to a problem beside every wrong one.
    static func pairs(_ solutions: [LabelledSolution]) -> [PreferencePair] {
        let wrong = solutions.filter { !$0.isRight }
        return solutions.filter(\.isRight).flatMap { right in
            wrong.map { PreferencePair(chosen: right.verdict.tokens, rejected: $0.verdict.tokens) }
        }
    }
}
