public import HoneProblems

/// A generated text beside the example that it answers.
public struct AnsweredExample: Sendable, Equatable {
    /// Tells examples apart and finds the same one in another evaluation, for example the example's id.
    public var key: String
    public var prompt: String
    /// The right answer as text.
    public var reference: String
    public var level: Int?
    /// What the model wrote.
    public var completion: String
    public var tokenCount: Int
    /// `stop` or `length`.
    public var finishReason: String

    public init(
        key: String, prompt: String, reference: String, level: Int? = nil, completion: String, tokenCount: Int,
        finishReason: String
    ) {
        self.key = key
        self.prompt = prompt
        self.reference = reference
        self.level = level
        self.completion = completion
        self.tokenCount = tokenCount
        self.finishReason = finishReason
    }
}

/// Answers and what the checker says about each.
public struct Evaluation: Sendable {
    public let report: EvaluationReport
    /// In the order of the answers.
    public let verdicts: [SolutionVerdict]
    /// Which examples were answered right, for a `PairedComparison`.
    public let outcomes: [String: Bool]

    /// Checks every answer; the generation took `seconds`.
    public init(_ answers: [AnsweredExample], seconds: Double, checker: SolutionChecker = SolutionChecker()) {
        verdicts = answers.map { checker.check($0.completion, prompt: $0.prompt, reference: $0.reference) }
        outcomes = Dictionary(
            zip(answers.map(\.key), verdicts.map { $0.verdict == .correct }), uniquingKeysWith: { first, _ in first })
        report = EvaluationReport(answers, verdicts, seconds: seconds)
    }
}
