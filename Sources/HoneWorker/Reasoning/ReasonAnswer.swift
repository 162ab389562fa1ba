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
        /// Why there is no verdict, where the verifier failed or was late.
        let fault: String?
        let model: String
        let checkpoint: Int64
        /// Tokens of all samples.
        let tokens: Int
        /// The answers of all samples, if there are several.
        let answers: [String?]?
        /// Where a format was asked for, whether every sample is a whole answer, not cut by its limit of tokens.
        let complete: Bool?
    }

    struct Step: Encodable, Sendable {
        let text: String
        let status: StepStatus
    }

    /// Checks the results, one for each sample and at least one, on the calling thread.
    init(_ question: ReasonQuestion, _ results: [GenerationResult], served: ServedModel, check: AnswerCheck) {
        let checker = SolutionChecker()
        let payload = question.payload
        let verdicts = results.map { result in
            checker.check(result.text, prompt: payload.prompt, reference: payload.answer ?? "")
        }
        let findings = results.indices.map { index -> VerifierFinding? in
            guard let reference = payload.answer else { return nil }
            if check.external == nil { return VerifierFinding(verdict: verdicts[index].verdict, reason: nil) }
            return check.finding(VerifierQuestion(payload.prompt, results[index].text, reference: reference))
        }
        job = question.job
        samples = results.indices.map { index in
            NewSample(
                job: question.job, ordinal: index, checkpoint: served.checkpoint, example: payload.exampleID,
                prompt: payload.prompt, result: results[index], verdict: verdicts[index],
                answerVerdict: findings[index]?.verdict)
        }
        result = Result(
            answer: samples[0].answer, text: samples[0].text,
            steps: verdicts[0].steps.map { Step(text: $0.text.storable, status: $0.status) },
            verdict: samples[0].verdict, fault: findings[0]?.fault?.storable, model: served.name,
            checkpoint: served.checkpoint,
            tokens: results.reduce(0) { $0 + $1.tokens.count },
            answers: samples.count > 1 ? samples.map(\.answer) : nil,
            complete: payload.format.map { _ in results.allSatisfy { $0.finishReason == .stop } })
    }
}
