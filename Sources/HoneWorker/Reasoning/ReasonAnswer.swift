import HoneCatalog
import HoneInference
import HoneProblems
import HoneQueue

/// What became of one `reason` job.
struct ReasonAnswer: Sendable {
    let job: ClaimedJob
    let samples: [NewSample]
    let result: Result

    /// The result of the job; of several samples the first is shown in full.
    struct Result: Encodable, Sendable {
        let answer: String?
        let text: String
        let steps: [Step]
        let verdict: String?
        let model: String
        let checkpoint: Int64
        /// Tokens of all samples.
        let tokens: Int
        /// The answers of all samples, if there are several.
        let answers: [String?]?
    }

    struct Step: Encodable, Sendable {
        let text: String
        let status: StepStatus
    }

    /// Checks the results, one for each sample and at least one.
    init(_ question: ReasonQuestion, _ results: [GenerationResult], served: ServedModel) {
        let checker = SolutionChecker()
        let payload = question.payload
        let verdicts = results.map { result in
            checker.check(result.text, prompt: payload.prompt, reference: payload.answer ?? "")
        }
        job = question.job
        samples = results.indices.map { index in
            NewSample(
                job: question.job, ordinal: index, checkpoint: served.checkpoint, example: payload.exampleID,
                prompt: payload.prompt, result: results[index], verdict: verdicts[index],
                isScored: payload.answer != nil)
        }
        result = Result(
            answer: samples[0].answer, text: samples[0].text,
            steps: verdicts[0].steps.map { Step(text: $0.text.storable, status: $0.status) },
            verdict: samples[0].verdict, model: served.name, checkpoint: served.checkpoint,
            tokens: results.reduce(0) { $0 + $1.tokens.count },
            answers: samples.count > 1 ? samples.map(\.answer) : nil)
    }
}
