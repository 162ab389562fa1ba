import HoneProblems
import HoneTraining

/// Checks answers against reference answers: 1 for a right answer, 0 for a wrong one, and no score at all for what
/// cannot be judged.
///
/// The exact checker runs in this process: it is linear in the answer's length and computes on 64-bit fractions that
/// overflow into an error, so that no answer can hold it up. A verifier of which nobody can say so runs in a process of
/// its own, which is killed at its limit.
struct AnswerCheck: Sendable {
    /// A verifier in a process of its own, and what an answer may take; nil for the exact checker.
    let external: (verifier: VerifierProcess, limit: Duration)?

    static let exact = AnswerCheck(external: nil)

    func verdict(on completion: String, prompt: String, references: [String]) -> RewardVerdict {
        let findings = references.map { finding(VerifierQuestion(prompt, completion, reference: $0)) }
        if findings.contains(where: { $0.verdict == .correct }) { return .scored(1) }
        // The one that failed might have been the one that is right.
        if let fault = findings.lazy.compactMap(\.fault).first { return .unscorable(reason: fault) }
        if findings.contains(where: { $0.verdict == .wrong }) { return .scored(0) }
        return .unscorable(reason: findings.first.map { $0.reason ?? "cannot be judged" } ?? "no reference answer")
    }

    /// What the verifier says of an answer, with the fault where it has nothing to say.
    func finding(_ question: VerifierQuestion) -> VerifierFinding {
        guard let external else { return question.exactFinding }
        return external.verifier.finding(on: question, within: external.limit)
    }
}
