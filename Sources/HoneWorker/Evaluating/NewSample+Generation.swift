import HoneCatalog
import HoneInference
import HoneProblems
import HoneQueue

extension NewSample {
    /// A generated answer; its verdict is kept if `isScored`: if there was a reference answer.
    init(
        job: ClaimedJob, ordinal: Int, checkpoint: Int64, example: Int64?, prompt: String, result: GenerationResult,
        verdict: SolutionVerdict, isScored: Bool
    ) {
        self.init(
            job: job, ordinal: ordinal, checkpoint: checkpoint, example: example, prompt: prompt, result: result,
            hasTokens: true, verdict: verdict, answerVerdict: isScored ? verdict.verdict : nil)
    }

    /// The same, with what a verifier says of the answer; nil where there was no reference answer. `hasTokens` says
    /// whether the result's tokens are what the model wrote.
    init(
        job: ClaimedJob, ordinal: Int, checkpoint: Int64, example: Int64?, prompt: String, result: GenerationResult,
        hasTokens: Bool, verdict: SolutionVerdict, answerVerdict: AnswerVerdict?
    ) {
        self.init(
            attempt: JobAttempt(job), ordinal: ordinal, checkpoint: checkpoint, example: example, prompt: prompt,
            text: result.text.storable, tokenIDs: result.tokens,
            tokenLogProbs: result.hasFiniteLogProbs ? result.logProbs : nil, hasTokens: hasTokens,
            steps: verdict.steps.map(Step.init), answer: verdict.answer?.storable,
            finishReason: result.finishReason.rawValue, verdict: answerVerdict?.rawValue)
    }
}

extension GenerationResult {
    /// Whether every token has a log-probability that JSON can hold.
    fileprivate var hasFiniteLogProbs: Bool { logProbs.count == tokens.count && logProbs.allSatisfy(\.isFinite) }
}

extension NewSample.Step {
    fileprivate init(_ step: StepVerdict) {
        let isRight: Bool? =
            switch step.status {
            case .valid: true
            case .invalid: false
            case .unparsable: nil
            }
        self.init(text: step.text.storable, ok: isRight, reason: step.reason?.storable)
    }
}

extension JobAttempt {
    init(_ job: ClaimedJob) {
        self.init(job: job.id, fence: job.fence)
    }
}

extension String {
    /// The text as PostgreSQL can keep it, which takes no U+0000; an untrained model may well write one.
    var storable: String {
        contains("\0") ? replacing("\0", with: "\u{FFFD}") : self
    }
}
