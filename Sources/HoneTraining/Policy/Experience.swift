internal import HoneTensor

/// What a step learns from: answers that were judged, and everything about them that stays the same during its updates.
///
/// Shape legend: R answers, W tokens of the longest.
struct Experience {
    /// 1 where a token was chosen.
    let mask_RW: Tensor
    /// The policy's log-probabilities before the first update, at the temperature of sampling.
    let old_RW: Tensor
    /// The reference's; nil without one.
    let reference_RW: Tensor?
    /// The critic's values before the first update; nil without one.
    let values_RW: Tensor?
    /// Weights against the age of answers; nil where they are taken as they are.
    let importance_RW: Tensor?
    let advantages_RW: Tensor
    /// What the critic shall predict; nil without one.
    let returns_RW: Tensor?
}

/// Rewards and advantages of a step's answers, computed from what the passes over them gave.
struct AdvantageComputation {
    let configuration: PPOConfiguration
    let rollouts: [Rollout]
    let mask: ActionMask
    /// The weight of the divergence now.
    let coefficient: Double

    private var mask_RW: Tensor { mask.mask_BT }

    /// r_t: the score at the last token, the steps' at theirs, less what the divergence costs.
    func rewards(old_RW: Tensor, reference_RW: Tensor?) -> Tensor {
        let scores = rollouts.map { rollout in
            let penalty = rollout.isComplete ? 0 : configuration.missingEndPenalty
            let limit = configuration.scoreLimit
            return Float(min(max((rollout.verdict.score ?? 0) - penalty, -limit), limit))
        }
        var penalties_RW = mask_RW.zerosLike()
        if let reference_RW, configuration.divergence.place == .reward {
            let estimates_RW = configuration.divergence.estimator.estimate(old_RW, reference_RW, limits: .usual)
            penalties_RW = estimates_RW * mask_RW * coefficient
        }
        return RewardPlacement.lastToken.rewards(
            scores_B: Tensor(scores), lengths_B: mask.lengths_B, penalties_BT: penalties_RW, steps_BT: stepRewards())
    }

    /// Advantages, and returns where there is a critic.
    func advantages(rewards_RW: Tensor, values_RW: Tensor?) -> (advantages_RW: Tensor, returns_RW: Tensor?) {
        if let values_RW {
            let (raw_RW, returns_RW) = GeneralizedAdvantage(
                discount: configuration.discount, lambda: configuration.lambda
            ).estimate(rewards_BT: rewards_RW, values_BT: values_RW, mask_BT: mask_RW)
            return (configuration.whitensAdvantages ? Whitening()(raw_RW, mask: mask_RW) : raw_RW, returns_RW)
        }
        let estimator = configuration.objective.estimator
        let totals = rewards_RW.sum(dim: 1).toArray(Double.self)
        var advantages = [Float](repeating: 0, count: rollouts.count)
        for members in groups {
            let ofGroup = estimator.advantages(of: members.map { totals[$0] })
            for (member, advantage) in zip(members, ofGroup) { advantages[member] = Float(advantage) }
        }
        let spread_RW = Tensor(advantages).unsqueeze(1) * mask_RW
        return (estimator == .reinforceBaseline ? Whitening()(spread_RW, mask: mask_RW) : spread_RW, nil)
    }

    /// Share of groups whose answers all have one score.
    var zeroVarianceShare: Double {
        let groups = groups
        let sameCount = groups.count { members in
            members.allSatisfy { rollouts[$0].verdict.score == rollouts[members[0]].verdict.score }
        }
        return Double(sameCount) / Double(max(1, groups.count))
    }

    /// The answers' numbers, group by group.
    private var groups: [[Int]] {
        Dictionary(grouping: rollouts.indices) { rollouts[$0].group }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func stepRewards() -> Tensor? {
        guard rollouts.contains(where: { !$0.verdict.steps.isEmpty }) else { return nil }
        let width = mask_RW.size(1)
        var values = [Float](repeating: 0, count: rollouts.count * width)
        for (row, rollout) in rollouts.enumerated() {
            for step in rollout.verdict.steps where rollout.tokens.indices.contains(step.position) {
                values[row * width + step.position] += Float(step.value)
            }
        }
        return Tensor(values, shape: [rollouts.count, width])
    }
}
