import HoneCatalog
import HoneModel
import HoneProblems
import HoneTraining

/// Judges what a policy answers by the reference answers of a dataset: 1 for a right answer, 0 for a wrong one.
///
/// What the checker cannot judge has no score at all.
struct AnswerJudge: Sendable {
    private let checker = SolutionChecker()
    /// By the prompt as the policy sees it. A prompt that a dataset holds twice may have two.
    private let references: [String: [String]]

    init(_ examples: [CutExample]) {
        references = Dictionary(grouping: examples) { AnswerLayout.steps.prompt($0.prompt) }
            .mapValues { $0.map(\.answer).filter { !$0.isEmpty } }
    }

    /// A ``RewardFunction``.
    @Sendable func verdict(prompt: String, completion: String, tokens: [Int32]) -> RewardVerdict {
        let verdicts = references[prompt, default: []].map {
            checker.check(completion, prompt: prompt, reference: $0)
        }
        if verdicts.contains(where: { $0.verdict == .correct }) { return .scored(1) }
        if verdicts.contains(where: { $0.verdict == .wrong }) { return .scored(0) }
        return .unscorable(reason: verdicts.first.map { $0.reason ?? "cannot be judged" } ?? "no reference answer")
    }
}
