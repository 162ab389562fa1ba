import HoneCatalog
import HoneModel
import HoneTraining

/// Judges what a policy answers by the reference answers of a dataset: 1 for a right answer, 0 for a wrong one.
///
/// What cannot be judged has no score at all.
struct AnswerJudge: Sendable {
    private let check: AnswerCheck
    /// By the prompt as the policy sees it. A prompt that a dataset holds twice may have two.
    private let references: [String: [String]]

    init(_ examples: [CutExample], check: AnswerCheck = .exact) {
        self.check = check
        references = Dictionary(grouping: examples) { AnswerLayout.steps.prompt($0.prompt) }
            .mapValues { $0.map(\.answer).filter { !$0.isEmpty } }
    }

    /// The right answers to a prompt as the policy sees it.
    func references(of prompt: String) -> [String] { references[prompt, default: []] }

    /// A ``RewardFunction``.
    @Sendable func verdict(prompt: String, completion: String, tokens: [Int32]) -> RewardVerdict {
        check.verdict(on: completion, prompt: prompt, references: references(of: prompt))
    }
}
