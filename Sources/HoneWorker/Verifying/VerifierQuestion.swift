public import HoneProblems

/// One answer to be verified, as a line of JSON.
public struct VerifierQuestion: Codable, Sendable {
    public var prompt: String
    public var completion: String
    /// The right answer.
    public var reference: String

    public init(_ prompt: String, _ completion: String, reference: String) {
        self.prompt = prompt
        self.completion = completion
        self.reference = reference
    }

    /// What the exact checker finds.
    public var exactFinding: VerifierFinding {
        let checked = SolutionChecker().check(completion, prompt: prompt, reference: reference)
        return VerifierFinding(verdict: checked.verdict, reason: checked.reason)
    }
}

/// What a verifier says, as a line of JSON.
public struct VerifierFinding: Codable, Sendable, Equatable {
    public var verdict: AnswerVerdict
    public var reason: String?
    /// Why there is no verdict: the verifier failed or was late. It is nobody's to say but the worker's.
    var fault: String?

    public init(verdict: AnswerVerdict, reason: String?) {
        self.verdict = verdict
        self.reason = reason
    }

    init(fault: String) {
        self.init(verdict: .unscorable, reason: fault)
        self.fault = fault
    }

    enum CodingKeys: CodingKey {
        case verdict, reason
    }
}
