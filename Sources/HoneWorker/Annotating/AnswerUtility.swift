import HoneProblems

/// What an answer is worth to a simulated annotator: the weighted sum of its merits. It is known exactly, so that what
/// was learnt from the annotator can be measured.
package struct AnswerUtility: Codable, Sendable, Hashable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case answer, steps, brevity, format
    }

    /// Its final answer is right.
    package var answer = 0.7
    /// The share of its steps that hold.
    package var steps = 0.2
    /// Its shortness: 1 for nothing, a half at 200 characters, a third at 400.
    package var brevity = 0.1
    /// Its form: nothing but equations, and a final answer.
    package var format = 0.0

    package init() {}

    package init(answer: Double, steps: Double = 0, brevity: Double = 0, format: Double = 0) {
        self.answer = answer
        self.steps = steps
        self.brevity = brevity
        self.format = format
    }

    /// What is left out counts nothing.
    package init(from decoder: any Decoder) throws {
        try decoder.refuseStrangers(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        answer = try container.decodeIfPresent(Double.self, forKey: .answer) ?? 0
        steps = try container.decodeIfPresent(Double.self, forKey: .steps) ?? 0
        brevity = try container.decodeIfPresent(Double.self, forKey: .brevity) ?? 0
        format = try container.decodeIfPresent(Double.self, forKey: .format) ?? 0
    }

    /// All answers are alike to it.
    var isIndifferent: Bool { [answer, steps, brevity, format].allSatisfy { $0 == 0 } }

    /// The most that an answer can be worth.
    var best: Double { answer + steps + brevity + format }

    /// The worth of a text as an answer to a prompt; without a reference no answer is right.
    package func value(of text: String, prompt: String, reference: String?) -> Double {
        let verdict = SolutionChecker().check(text, prompt: prompt, reference: reference ?? "")
        let sound = verdict.steps.count { $0.status == .valid }
        let soundShare = verdict.steps.isEmpty ? 0 : Double(sound) / Double(verdict.steps.count)
        let isRight = reference != nil && verdict.verdict == .correct
        let isInForm = verdict.answer != nil && verdict.steps.allSatisfy { $0.status != .unparsable }
        return (isRight ? answer : 0) + steps * soundShare + brevity * (1 / (1 + Double(text.count) / 200))
            + (isInForm ? format : 0)
    }
}
