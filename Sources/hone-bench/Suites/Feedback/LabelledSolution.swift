import HoneInference
import HoneProblems
import HoneTokenizer
import HoneTraining

/// A solution labelled by the exact checker: a line holds if it is true and made of numbers that are there, the last
/// one if its answer is right.
struct LabelledSolution {
    let isRight: Bool
    /// Every symbol up to the end of the first wrong line, whether all is well so far. A small network learns
    /// arithmetic from that; one bit a line, in ten thousands of lines, tells it next to nothing.
    let process: StepExample
    /// The ends of lines up to the first wrong one.
    let lines: StepExample
    /// The last token alone.
    let outcome: StepExample
    /// The ends of all lines, for judging.
    let everyLine: StepExample
    /// The number of the first line that is wrong; nil where all hold.
    let firstError: Int?

    init(_ result: GenerationResult, of problem: Problem) {
        self.init(result.text, tokens: result.tokens, of: problem)
    }

    init(_ text: String, of problem: Problem) {
        let tokenizer = SupervisedPolicy.tokenizer
        self.init(text, tokens: tokenizer.encode(text) + [tokenizer.endOfTextID], of: problem)
    }

    private init(_ text: String, tokens: [Int32], of problem: Problem) {
        let tokenizer = SupervisedPolicy.tokenizer
        let row = tokenizer.encode(problem.prompt + "\n") + tokens
        let verdict = SolutionChecker().check(text, of: problem)
        isRight = verdict.verdict == .correct
        let start = row.count - tokens.count
        let ends = StepSeparator(tokenizer).ends(in: tokens)
        // Lines and verdicts run in parallel while both last.
        var labels = zip(ends, verdict.steps).map { end, step in
            StepExample.Label(position: start + end, isRight: step.status == .valid && step.isGrounded)
        }
        labels.append(StepExample.Label(position: row.count - 1, isRight: isRight))
        everyLine = StepExample(tokens: row, labels: labels)
        firstError = labels.firstIndex { !$0.isRight }
        lines = StepExample(tokens: row, labels: Array(labels.prefix((firstError ?? labels.count) + 1)))
        outcome = StepExample(tokens: row, labels: [labels[labels.count - 1]])
        process = Self.ofSymbols(lines, start: start, shown: tokenizer.encode(problem.completion))
    }

    /// Symbols are right as far as they are those of the worked solution. One that goes another way than that, and is
    /// wrong later or not at all, keeps the labels of its lines.
    private static func ofSymbols(_ lines: StepExample, start: Int, shown: [Int32]) -> StepExample {
        let answer = lines.tokens[start...]
        let same = zip(answer, shown).prefix { $0 == $1 }.count
        let departure = same == shown.count ? nil : start + same
        let end = lines.labels[lines.labels.count - 1]
        let symbols = (start...end.position).map { place in
            StepExample.Label(position: place, isRight: departure.map { place < $0 } ?? end.isRight)
        }
        let agrees = lines.labels.allSatisfy { label in symbols[label.position - start].isRight == label.isRight }
        return agrees ? StepExample(tokens: lines.tokens, labels: symbols) : lines
    }
}
