/// What the checker found out about one completion.
public struct SolutionVerdict: Hashable, Sendable, Codable {
    public let verdict: AnswerVerdict
    /// Why the answer is not correct; nil where it is.
    public let reason: String?
    /// The text after `####`; nil where the completion has none.
    public let answer: String?
    public let steps: [StepVerdict]

    /// Whether there is at least one step and all are true equations.
    public var hasOnlyValidSteps: Bool { !steps.isEmpty && steps.allSatisfy { $0.status == .valid } }
}

/// `unscorable` is for what cannot be judged: no answer, no number, a number too large; never a silent "wrong".
public enum AnswerVerdict: String, Hashable, Sendable, Codable, CaseIterable {
    case correct
    case wrong
    case unscorable
}

/// One step of a completion, judged on its own.
public struct StepVerdict: Hashable, Sendable, Codable {
    public let text: String
    public let status: StepStatus
    /// Why the step is not valid; nil where it is.
    public let reason: String?
    /// Whether each number on the left comes from the prompt, an earlier step, or the digits of such a number.
    ///
    /// A true equation may be pulled from the air; this flag says so without failing it.
    public let isGrounded: Bool
}

public enum StepStatus: String, Hashable, Sendable, Codable, CaseIterable {
    /// Both sides are equal, exactly.
    case valid
    /// Both sides have values, and these differ.
    case invalid
    /// No equation between two numbers.
    case unparsable
}
