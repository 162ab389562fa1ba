import HoneCatalog
import HoneEvaluation
import HoneInference
import HoneProblems

/// What one suite of a gate showed: part of the decision's evidence.
struct SuiteFinding: Encodable, Sendable {
    let name: String
    /// Of a guard.
    let margin: Double?
    let prompts: GatePrompts.Origin
    let candidate: Side
    /// Nil if nothing is served yet.
    let active: Side?
    let comparison: PairedComparison?
    /// The first prompts that only the active checkpoint answered right.
    let lost: [LostPrompt]
    /// The candidate's metrics on the suite, by the names that an evaluation gives them.
    let numbers: [String: Double]

    /// One of the two checkpoints.
    struct Side: Encodable, Sendable {
        let accuracy: Proportion
        let meanTokens: Double

        enum CodingKeys: String, CodingKey {
            case accuracy
            case meanTokens = "mean_tokens"
        }
    }

    struct LostPrompt: Encodable, Sendable {
        let prompt: String
        let reference: String
        let candidate: String
        let active: String
    }

    enum CodingKeys: String, CodingKey {
        case name, margin, prompts, candidate, active, comparison, lost
    }

    private static let lostLimit = 10

    init(
        _ suite: GateSuite, margin: Double?, _ prompts: GatePrompts, candidate: CheckpointEvaluation,
        active: CheckpointEvaluation?
    ) {
        name = suite.name
        self.margin = margin
        self.prompts = prompts.origin
        self.candidate = Side(candidate)
        self.active = active.map(Side.init)
        comparison = active.map { served in
            PairedComparison(candidate: candidate.evaluation.outcomes, baseline: served.evaluation.outcomes)
        }
        lost = active.map { Self.lost(prompts.examples, candidate, $0) } ?? []
        numbers = EvaluationMetrics.numbers(of: candidate.evaluation.report)
    }

    private static func lost(
        _ examples: [CutExample], _ candidate: CheckpointEvaluation, _ active: CheckpointEvaluation
    ) -> [LostPrompt] {
        examples.indices.lazy.filter { index in
            candidate.evaluation.verdicts[index].verdict != .correct
                && active.evaluation.verdicts[index].verdict == .correct
        }.prefix(lostLimit).map { index in
            LostPrompt(
                prompt: examples[index].prompt, reference: examples[index].answer,
                candidate: candidate.results[index].text.storable, active: active.results[index].text.storable)
        }
    }
}

extension SuiteFinding.Side {
    fileprivate init(_ done: CheckpointEvaluation) {
        accuracy = done.evaluation.report.accuracy
        meanTokens = done.evaluation.report.tokens.mean
    }
}
