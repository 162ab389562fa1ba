/// Two answers to a prompt of which one was preferred, as a reward model or DPO reads them.
public struct PreferencePair: Codable, Sendable, Hashable {
    public let prompt: String
    public let chosen: String
    public let rejected: String
    /// Both were found equally good; which one is called chosen then says nothing.
    public let isTie: Bool
    /// How much better: the mean strength of the votes, those for the other side counted as negative; 0 for a tie.
    public let margin: Double
    /// How united the votes were, from 0 to 1.
    public let weight: Double
    /// Where it comes from.
    public let task: Int64
    public let labels: [Int64]
    public let chosenSample: Int64?
    public let rejectedSample: Int64?

    enum CodingKeys: String, CodingKey {
        case prompt, chosen, rejected, margin, weight, task, labels
        case isTie = "tie"
        case chosenSample = "chosen_sample"
        case rejectedSample = "rejected_sample"
    }
}

/// The votes on one task.
struct PreferenceVote {
    enum Outcome: Equatable {
        case pair(PreferencePair)
        /// As much for one side as for the other.
        case contradicted
        /// Nobody whose vote counts, or both answers were found bad.
        case undecided
    }

    let task: LabelledTask
    let weights: LabellerWeights

    var outcome: Outcome {
        var total = 0.0
        var score = 0.0
        var margin = 0.0
        var sideCount = 0
        var badCount = 0
        for label in task.labels {
            let vote = weights[label.labeller]
            guard vote > 0, case .preference(_, let strength) = label.judgement else { continue }
            total += vote
            switch label.preferred {
            case .first, .second:
                let sign = label.preferred == .first ? 1.0 : -1
                score += sign * vote
                margin += sign * vote * Double(strength ?? 1)
                sideCount += 1
            case .neither: badCount += 1
            case .tie, nil: break
            }
        }
        guard total > 0, badCount < task.labels.count, let content = task.content, content.answers.count == 2 else {
            return .undecided
        }
        if score == 0, sideCount > 0 { return .contradicted }
        return .pair(pair(content, score: score / total, margin: margin / total))
    }

    private func pair(_ content: LabelContent, score: Double, margin: Double) -> PreferencePair {
        let isFirst = score >= 0
        return PreferencePair(
            prompt: content.prompt, chosen: content.answers[isFirst ? 0 : 1].text,
            rejected: content.answers[isFirst ? 1 : 0].text, isTie: score == 0,
            // Weak votes for one side and a strong one for the other may cancel; the majority is what counts.
            margin: max(0, isFirst ? margin : -margin), weight: score == 0 ? 1 : abs(score), task: task.id,
            labels: task.labels.map(\.id), chosenSample: isFirst ? task.sample : task.otherSample,
            rejectedSample: isFirst ? task.otherSample : task.sample)
    }
}
