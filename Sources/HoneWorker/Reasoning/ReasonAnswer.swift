import HoneCatalog
import HoneInference
import HoneProblems
import HoneQueue

/// What became of one `reason` job.
struct ReasonAnswer: Sendable {
    let job: ClaimedJob
    let samples: [NewSample]
    /// One for each sample, where the job asked for more than the deep path.
    let routes: [NewSampleRoute]
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
        /// Tokens of all samples; of a server that gives none, 0.
        let tokens: Int
        /// Tokens of the prompt, where they were counted.
        let promptTokens: Int?
        /// False where a server gave the text alone; nil otherwise.
        let hasTokens: Bool?
        /// The answers of all samples, if there are several.
        let answers: [String?]?
        /// Where a format was asked for, whether every sample is a whole answer, not cut by its limit of tokens.
        let complete: Bool?
        /// The ways of all samples, where the job asked for more than the deep path.
        let routes: [RouteText]?

        enum CodingKeys: String, CodingKey {
            case answer, text, steps, verdict, fault, model, checkpoint, tokens, answers, complete, routes
            case promptTokens = "prompt_tokens"
            case hasTokens = "has_tokens"
        }
    }

    struct Step: Encodable, Sendable {
        let text: String
        let status: StepStatus
    }

    /// Checks the answers, one for each sample and at least one, on the calling thread.
    init(_ question: ReasonQuestion, _ attributed: [AttributedAnswer], model: String, check: AnswerCheck) {
        let results = attributed.map(\.answer.result)
        let checker = SolutionChecker()
        let payload = question.payload
        let verdicts = results.map { result in
            checker.check(result.text, prompt: payload.question, reference: payload.answer ?? "")
        }
        let findings = results.indices.map { index -> VerifierFinding? in
            guard let reference = payload.answer else { return nil }
            if check.external == nil { return VerifierFinding(verdict: verdicts[index].verdict, reason: nil) }
            return check.finding(VerifierQuestion(payload.question, results[index].text, reference: reference))
        }
        job = question.job
        samples = results.indices.map { index in
            NewSample(
                job: question.job, ordinal: index, checkpoint: attributed[index].checkpoint,
                example: payload.exampleID, prompt: payload.question, result: results[index],
                hasTokens: attributed[index].answer.hasTokens, verdict: verdicts[index],
                answerVerdict: findings[index]?.verdict)
        }
        routes = zip(samples, attributed).compactMap { sample, attributed in
            attributed.answer.route.flatMap { route in
                payload.routing.map { NewSampleRoute(of: sample, route, by: $0) }
            }
        }
        result = Result(
            answer: samples[0].answer, text: samples[0].text,
            steps: verdicts[0].steps.map { Step(text: $0.text.storable, status: $0.status) },
            verdict: samples[0].verdict, fault: findings[0]?.fault?.storable, model: model,
            checkpoint: attributed[0].checkpoint, tokens: results.reduce(0) { $0 + $1.tokens.count },
            promptTokens: attributed[0].answer.promptTokenCount,
            hasTokens: attributed.allSatisfy(\.answer.hasTokens) ? nil : false,
            answers: samples.count > 1 ? samples.map(\.answer) : nil,
            complete: payload.format.map { _ in results.allSatisfy { $0.finishReason == .stop } },
            routes: payload.routing == nil ? nil : attributed.compactMap(\.answer.route).map(RouteText.init))
    }
}
