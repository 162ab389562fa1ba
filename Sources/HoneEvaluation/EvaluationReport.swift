import HoneProblems

/// What an evaluation measured: the metrics of `hone.evaluations`.
public struct EvaluationReport: Codable, Sendable, Equatable {
    public let exampleCount: Int
    /// Share of right final answers.
    public let accuracy: Proportion
    /// The same for each level; examples without one are under `none`.
    public let levels: [String: Proportion]
    /// Number of answers by verdict.
    public let verdicts: [String: Int]
    public let steps: Steps
    /// Share of answers that are right and whose steps are all true equations.
    public let sound: Proportion
    public let tokens: Tokens
    /// Number of answers by the reason why they ended.
    public let finishReasons: [String: Int]
    /// How long the generation took.
    public let seconds: Double
    public let examplesPerSecond: Double

    /// The single lines of reasoning.
    public struct Steps: Codable, Sendable, Equatable {
        /// Share of steps that are true equations.
        public let valid: Proportion
        /// Share of steps whose numbers all come from the question or an earlier step.
        public let grounded: Proportion
        public let invalidCount: Int
        public let unparsableCount: Int

        enum CodingKeys: String, CodingKey {
            case valid, grounded
            case invalidCount = "invalid_count"
            case unparsableCount = "unparsable_count"
        }
    }

    /// The generated tokens.
    public struct Tokens: Codable, Sendable, Equatable {
        public let total: Int
        public let mean: Double
        public let longest: Int
        public let perSecond: Double

        enum CodingKeys: String, CodingKey {
            case total, mean, longest
            case perSecond = "per_second"
        }
    }

    enum CodingKeys: String, CodingKey {
        case exampleCount = "example_count"
        case accuracy, levels, verdicts, steps, sound, tokens
        case finishReasons = "finish_reasons"
        case seconds
        case examplesPerSecond = "examples_per_second"
    }
}

extension EvaluationReport {
    /// Counts what the verdicts say, one for each answer.
    init(_ answers: [AnsweredExample], _ verdicts: [SolutionVerdict], seconds: Double) {
        let pairs = Array(zip(answers, verdicts))
        exampleCount = answers.count
        accuracy = Proportion(of: verdicts) { $0.verdict == .correct }
        levels = Dictionary(grouping: pairs) { $0.0.level.map(String.init) ?? "none" }
            .mapValues { group in Proportion(of: group) { $0.1.verdict == .correct } }
        self.verdicts = Dictionary(
            uniqueKeysWithValues: AnswerVerdict.allCases.map { kind in
                (kind.rawValue, verdicts.count { $0.verdict == kind })
            })
        steps = Steps(verdicts.flatMap(\.steps))
        sound = Proportion(of: verdicts) { $0.verdict == .correct && $0.hasOnlyValidSteps }
        let total = answers.reduce(0) { $0 + $1.tokenCount }
        tokens = Tokens(
            total: total, mean: Double(total) / Double(max(1, answers.count)),
            longest: answers.map(\.tokenCount).max() ?? 0, perSecond: Self.rate(total, seconds))
        finishReasons = Dictionary(grouping: answers, by: \.finishReason).mapValues(\.count)
        self.seconds = seconds
        examplesPerSecond = Self.rate(answers.count, seconds)
    }

    private static func rate(_ count: Int, _ seconds: Double) -> Double {
        seconds > 0 ? Double(count) / seconds : 0
    }
}

extension EvaluationReport.Steps {
    fileprivate init(_ steps: [StepVerdict]) {
        valid = Proportion(of: steps) { $0.status == .valid }
        grounded = Proportion(of: steps, where: \.isGrounded)
        invalidCount = steps.count { $0.status == .invalid }
        unparsableCount = steps.count { $0.status == .unparsable }
    }
}

extension Proportion {
    init<Element>(of elements: [Element], where holds: (Element) -> Bool) {
        self.init(successCount: elements.count(where: holds), count: elements.count)
    }
}
