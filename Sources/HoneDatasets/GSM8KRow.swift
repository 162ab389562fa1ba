import HoneProblems

/// A row of GSM8K (Cobbe et al. 2021, arXiv:2110.14168): a worked answer whose calculator annotations are its steps.
struct GSM8KRow: ExampleRow {
    let question: String
    let answer: String

    func example() throws(RowFault) -> Example {
        guard let result = StepGrammar.parse(answer).answer else {
            throw RowFault("the answer has no line \"#### result\"")
        }
        return Example(
            prompt: question.normalizedPrompt, answer: normalizedAnswer(result),
            steps: StepGrammar.annotations(in: answer).map { $0.filter { !$0.isWhitespace } }, split: "",
            source: "gsm8k")
    }
}
