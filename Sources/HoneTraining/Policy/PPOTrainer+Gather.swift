internal import HoneTensor
internal import HoneTokenizer

extension PPOTrainer {
    /// In which order a step's answers are learnt from: epochs of updates of batches that are computed at once.
    struct Schedule {
        let answers: [PromptedAnswer]
        /// Tokens of the longest answer.
        let width: Int
        let epochs: [[[AnswerBatch]]]
        /// Place of every answer's prompt among the run's.
        let prompts: [Int]

        /// The prompts of the answers in some batches.
        func name(of batches: [AnswerBatch]) -> BatchName {
            BatchName(rows: Set(batches.flatMap { $0.rows.map { prompts[$0] } }).sorted())
        }
    }

    /// So few that what one layer leaves is still in the processor's cache when the next one reads it; and enough for
    /// matrix products.
    private static let tokensPerPass = 2048

    /// Every epoch shuffles the answers anew, by the seed and the step alone.
    func schedule(_ rollouts: [Rollout]) -> Schedule {
        let answers = rollouts.map { PromptedAnswer(prompt: prompts.tokens[$0.prompt], tokens: $0.tokens) }
        let width = answers.map(\.tokens.count).max() ?? 0
        var random = SplitMix64(seed: configuration.seed &+ 0x1405_7B7E_F767_814F, stream: UInt64(step))
        let epochs = (0..<configuration.epochs).map { _ in
            var order = Array(answers.indices)
            random.shuffle(&order)
            return stride(from: 0, to: order.count, by: configuration.answersPerUpdate).map { start in
                AnswerBatch.cut(
                    Array(order[start..<min(start + configuration.answersPerUpdate, order.count)]), of: answers,
                    width: width, tokensPerBatch: min(configuration.tokensPerMicroBatch, Self.tokensPerPass))
            }
        }
        return Schedule(answers: answers, width: width, epochs: epochs, prompts: rollouts.map(\.prompt))
    }

    /// What the networks say about the answers, compared with what must hold, and what follows from it.
    func gather(_ rollouts: [Rollout], _ schedule: Schedule, _ report: inout PPOStepReport) throws -> Experience {
        let said = passes(over: schedule)
        let mask = ActionMask(lengths: rollouts.map(\.tokens.count), width: schedule.width)
        return try noGrad {
            report.entropy = said.entropies_RW.maskedMean(mask.mask_BT).item()
            try compareWithSampler(said.plain_RW, said.normalizers_RW, rollouts, &report)
            try compareWithReference(said.old_RW, said.reference_RW, mask, &report)
            return experience(
                AdvantageComputation(
                    configuration: configuration, rollouts: rollouts, mask: mask, coefficient: controller.coefficient),
                said, &report)
        }
    }

    private func experience(
        _ computation: AdvantageComputation, _ said: AnswerPasses, _ report: inout PPOStepReport
    ) -> Experience {
        let (mask_RW, values_RW) = (computation.mask.mask_BT, said.values_RW)
        let rewards_RW = computation.rewards(old_RW: said.old_RW, reference_RW: said.reference_RW)
        let (advantages_RW, returns_RW) = computation.advantages(rewards_RW: rewards_RW, values_RW: values_RW)
        if configuration.objective.estimator.isByGroup { report.zeroVarianceShare = computation.zeroVarianceShare }
        if let returns_RW, let values_RW {
            report.explainedVariance = Self.explainedVariance(of: returns_RW, by: values_RW, mask_RW)
        }
        let importance_RW = configuration.importance.map { correction in
            let weights_RW = correction.weights(
                old_BT: said.plain_RW, sampler_BT: Self.padded(computation.rollouts, width: mask_RW.size(1)),
                mask_BT: mask_RW)
            report.importance = weights_RW.maskedMean(mask_RW).item()
            report.importanceBoundShare = correction.bounded(weights_RW).maskedMean(mask_RW).item()
            return weights_RW
        }
        return Experience(
            mask_RW: mask_RW, old_RW: said.old_RW, reference_RW: said.reference_RW, values_RW: values_RW,
            importance_RW: importance_RW, advantages_RW: advantages_RW, returns_RW: returns_RW)
    }

    /// The sampler's log-probabilities, `[R, W]`, 0 behind the answers' ends.
    private static func padded(_ rollouts: [Rollout], width: Int) -> Tensor {
        Tensor(
            rollouts.flatMap { $0.logProbs + repeatElement(0, count: width - $0.logProbs.count) },
            shape: [rollouts.count, width])
    }

    /// 1 - Var(R - V) / Var(R).
    private static func explainedVariance(of returns_RW: Tensor, by values_RW: Tensor, _ mask_RW: Tensor) -> Double {
        func variance(_ x: Tensor) -> Double {
            let centred = x - x.maskedMean(mask_RW)
            return (centred * centred).maskedMean(mask_RW).item()
        }
        let whole = variance(returns_RW)
        return whole > 0 ? 1 - variance(returns_RW - values_RW) / whole : 0
    }
}

// What must hold in every run.
extension PPOTrainer {
    /// The sampler and the trainer are one network, so they agree on answers of this policy, up to rounding.
    ///
    /// Where a token has the same bits in decoding and in a whole pass, that is no distance, and the tolerance is for
    /// every token. Elsewhere logits are rounded in proportion to their size, so the distance may be larger where they
    /// are, and the tolerance is for the mean: a wrong position, temperature or weight shows in most tokens, while the
    /// attention of a young network, saturated by large weights, makes several roundings of single ones.
    private func compareWithSampler(
        _ plain_RW: Tensor, _ normalizers_RW: Tensor, _ rollouts: [Rollout], _ report: inout PPOStepReport
    ) throws(TrainingError) {
        let ownCount = rollouts.reduce(0) { $0 + ($1.policyStep == step ? $1.tokens.count : 0) }
        guard ownCount > 0 else { return }
        let isOwn_R1 = Tensor(rollouts.map { $0.policyStep == step }).unsqueeze(1)
        let sampler_RW = Self.padded(rollouts, width: plain_RW.size(1))
        let distance_RW = (plain_RW - sampler_RW).abs() * isOwn_R1.to(.float32)
        report.samplerDeviation = distance_RW.max().item()
        let scale_RW = Tensor.maximum(plain_RW.abs(), normalizers_RW.abs() / 8).clamp(min: 1)
        let scaled_RW = distance_RW / scale_RW
        let tolerance = configuration.samplerTolerance
        try requireInvariant(
            "the sampler's mean distance from the trainer", scaled_RW.sum().item() / Double(ownCount),
            atMost: tolerance)
        try requireInvariant(
            "a token's distance between sampler and trainer", scaled_RW.max().item(),
            atMost: Torch.computesTokensAlike ? tolerance : 20 * tolerance)
    }

    /// Reports the divergence from the reference, which is exactly 0 while both have the same weights.
    private func compareWithReference(
        _ old_RW: Tensor, _ reference_RW: Tensor?, _ mask: ActionMask, _ report: inout PPOStepReport
    ) throws(TrainingError) {
        report.divergenceCoefficient = controller.coefficient
        guard let reference_RW else { return }
        let difference_RW = (old_RW - reference_RW) * mask.mask_BT
        report.divergence = difference_RW.sum(dim: 1).mean().item()
        guard step == 0, networks.isAtReference else { return }
        try requireInvariant(
            "the distance from a reference of the same weights", difference_RW.abs().max().item(), atMost: 0)
    }

    /// The reference's weights are what they were.
    func requireReferenceUnchanged() throws(TrainingError) {
        let isChanged = networks.currentReferenceHash != networks.referenceHash
        try requireInvariant("the number of changed reference models", isChanged ? 1 : 0, atMost: 0)
    }

    func requireInvariant(_ name: String, _ value: Double, atMost limit: Double) throws(TrainingError) {
        guard value <= limit else { throw .invariant(step: step + 1, name: name, value: value, limit: limit) }
    }
}
