internal import HoneModel
internal import HoneTensor

extension PPOTrainer {
    /// What an update's batches add up to.
    struct UpdateSums {
        var policyLoss = 0.0
        var valueLoss = 0.0
        /// Σ (log π - log π_old)² / 2 over tokens.
        var moved = 0.0
        var clipped = 0.0
        var tokenCount = 0.0
        var maximumRatio = 0.0
        /// Largest distance of a ratio from 1.
        var ratioDeviation = 0.0
    }

    /// Epochs of updates, as many as the policy may move.
    func update(on experience: Experience, _ schedule: Schedule, _ report: inout PPOStepReport) throws(TrainingError) {
        var sums = UpdateSums()
        for epoch in schedule.epochs {
            for batches in epoch {
                let check = StepCheck(step: step + 1, batch: schedule.name(of: batches))
                let done = accumulate(batches, experience)
                try check.requireFinite(done.policyLoss, "policy's loss")
                try check.requireFinite(done.valueLoss, "critic's loss")
                if report.updateCount == 0 {
                    try requireInvariant("the first ratio's distance from 1", done.ratioDeviation, atMost: 0)
                }
                report.movedDivergence = done.moved / done.tokenCount
                if let limit = configuration.divergence.stopAbove, report.movedDivergence > limit {
                    report.endedEarly = true
                    break
                }
                try move(&report, check)
                report.updateCount += 1
                report.maximumRatio = max(report.maximumRatio, done.maximumRatio)
                sums.policyLoss += done.policyLoss
                sums.valueLoss += done.valueLoss
                sums.clipped += done.clipped
                sums.tokenCount += done.tokenCount
            }
            if report.endedEarly { break }
        }
        report.policyLoss = sums.policyLoss / Double(report.updateCount)
        report.valueLoss = sums.valueLoss / Double(report.updateCount)
        report.clipShare = sums.clipped / sums.tokenCount
        try checkSplit(of: schedule, experience)
    }

    /// Adds up the gradients of one update, those of policy and critic side by side. The result does not depend on how
    /// it is cut into batches, but for rounding.
    func accumulate(_ batches: [AnswerBatch], _ experience: Experience) -> UpdateSums {
        optimizer.zeroGrad()
        criticOptimizer?.zeroGrad()
        let mask_RW = Tensor.cat(batches.map { $0.part(experience.mask_RW) })
        let totals = LossAggregation.Totals(mask_BT: mask_RW, maximumLength: configuration.maximumNewTokens)
        let kept = batches.enumerated().map { firstPasses.passes(over: $1, at: $0) }
        firstPasses = FirstPasses()
        let done = sideBySide {
            var sums = UpdateSums()
            for (batch, passes) in zip(batches, kept) {
                accumulatePolicy(batch, passes.distribution, experience, totals, &sums)
            }
            return sums
        } critic: { critic, _ in
            var sums = UpdateSums()
            for (batch, passes) in zip(batches, kept) {
                sums.valueLoss += accumulateCritic(batch, passes.values_N ?? batch.values(critic), experience, totals)
            }
            return sums
        }
        var sums = done.policy
        sums.tokenCount = totals.tokenCount
        sums.valueLoss = done.critic?.valueLoss ?? 0
        return sums
    }

    /// Something of the policy and something of the critic, which share nothing while they learn.
    private func sideBySide<Result>(
        _ policy: () -> Result, critic: (ScoringModel, TrainingOptimizer) -> Result
    ) -> (policy: Result, critic: Result?) {
        guard let network = networks.critic, let criticOptimizer else { return (policy(), nil) }
        let results = Threads.map(2) { $0 == 0 ? policy() : critic(network, criticOptimizer) }
        return (results[0], results[1])
    }

    private func accumulatePolicy(
        _ batch: AnswerBatch, _ kept: TokenDistribution?, _ experience: Experience,
        _ totals: LossAggregation.Totals, _ sums: inout UpdateSums
    ) {
        let distribution = kept ?? batch.distribution(networks.policy, temperature: configuration.temperature)
        let logProbs_BW = batch.spread(distribution.logProbs_N)
        let (mask_BW, old_BW) = (batch.part(experience.mask_RW), batch.part(experience.old_RW))
        let terms = configuration.objective.policyLoss.terms(
            logProbs_BT: logProbs_BW, old_BT: old_BW, advantages_BT: batch.part(experience.advantages_RW),
            mask_BT: mask_BW)
        var loss_BW = terms.loss_BT
        if let importance_RW = experience.importance_RW { loss_BW = loss_BW * batch.part(importance_RW) }
        if let reference_RW = experience.reference_RW, configuration.divergence.place == .loss {
            let term_BW = configuration.divergence.estimator.lossTerm(
                logProbs_BW, batch.part(reference_RW), limits: .usual)
            loss_BW = loss_BW + term_BW * controller.coefficient
        }
        if configuration.entropyCoefficient > 0 {
            loss_BW = loss_BW - batch.spread(distribution.entropies_N) * configuration.entropyCoefficient
        }
        let weights_BW = configuration.objective.aggregation.weights(mask_BT: mask_BW, of: totals)
        let loss = (loss_BW * weights_BW).sum()
        loss.backward()
        noGrad {
            let moved_BW = (logProbs_BW.detach() - old_BW) * mask_BW
            let ratio_BW = terms.ratio_BT
            sums.policyLoss += loss.item()
            sums.moved += (moved_BW * moved_BW).sum().item() / 2
            sums.clipped += terms.isClipped_BT.sum().item()
            sums.maximumRatio = max(sums.maximumRatio, (ratio_BW * mask_BW).max().item())
            sums.ratioDeviation = max(sums.ratioDeviation, ((ratio_BW - 1) * mask_BW).abs().max().item())
        }
    }

    private func accumulateCritic(
        _ batch: AnswerBatch, _ values_N: Tensor, _ experience: Experience, _ totals: LossAggregation.Totals
    ) -> Double {
        guard let values_RW = experience.values_RW, let returns_RW = experience.returns_RW else { return 0 }
        let terms_BW = ValueLoss(clip: configuration.valueClip).terms(
            values_BT: batch.spread(values_N), old_BT: batch.part(values_RW), returns_BT: batch.part(returns_RW))
        let weights_BW = LossAggregation.tokenMean.weights(mask_BT: batch.part(experience.mask_RW), of: totals)
        let loss = (terms_BW * weights_BW).sum()
        loss.backward()
        return loss.item()
    }

    /// Moves policy and critic along their gradients.
    private func move(_ report: inout PPOStepReport, _ check: StepCheck) throws(TrainingError) {
        let norms = sideBySide {
            optimizer.clipGradients()
        } critic: {
            $1.clipGradients()
        }
        report.gradNorm = norms.policy
        try check.requireFinite(norms.policy, "policy's gradient norm")
        if let norm = norms.critic {
            report.criticGradNorm = norm
            try check.requireFinite(norm, "critic's gradient norm")
        }
        let rates = sideBySide {
            optimizer.advance(step: step)
        } critic: {
            $1.advance(step: step)
        }
        report.learningRate = rates.policy
    }
}
