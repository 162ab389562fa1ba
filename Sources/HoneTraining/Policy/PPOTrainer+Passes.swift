internal import HoneModel
internal import HoneTensor

/// What the networks say about a step's answers before it learns from them, `[R, W]`, 0 behind the answers' ends.
struct AnswerPasses {
    /// Log-probabilities at the temperature of sampling, and at 1.
    let old_RW: Tensor
    let plain_RW: Tensor
    let entropies_RW: Tensor
    let normalizers_RW: Tensor
    /// The reference's log-probabilities; nil without one.
    let reference_RW: Tensor?
    /// The critic's values; nil without one.
    let values_RW: Tensor?

    init(shape: [Int], _ networks: PolicyNetworks) {
        (old_RW, plain_RW) = (Tensor.zeros(shape), Tensor.zeros(shape))
        (entropies_RW, normalizers_RW) = (Tensor.zeros(shape), Tensor.zeros(shape))
        reference_RW = networks.reference.map { _ in Tensor.zeros(shape) }
        values_RW = networks.critic.map { _ in Tensor.zeros(shape) }
    }
}

extension PPOTrainer {
    /// What the backward passes over a batch begin from.
    struct Passes {
        var distribution: TokenDistribution?
        var values_N: Tensor?
    }

    /// Of the first update's first batches, from when they are gathered until they are learnt from.
    struct FirstPasses {
        var rows: [[Int]] = []
        var distributions: [TokenDistribution] = []
        /// Empty without a critic.
        var values: [Tensor] = []

        /// What is there of a batch at a place of an update: its weights are what they were, since the first update's
        /// batches are taken in the order in which they were gathered.
        func passes(over batch: AnswerBatch, at place: Int) -> Passes {
            guard place < rows.count, rows[place] == batch.rows else { return Passes() }
            return Passes(distribution: distributions[place], values_N: values.isEmpty ? nil : values[place])
        }
    }

    /// Passes of policy, reference and critic over the answers.
    ///
    /// The first batches of the first update keep what their backward passes need, since no weight moves before them:
    /// they are not computed again. They are as many as may be computed at once.
    func passes(over schedule: Schedule) -> AnswerPasses {
        let batches = Array(schedule.epochs[0].joined())
        let whole = AnswerPasses(shape: [schedule.answers.count, schedule.width], networks)
        let keptCount = keptCount(of: schedule.epochs[0][0])
        var tasks: [() -> Passes] = []
        for (number, batch) in batches.enumerated() {
            let isKept = number < keptCount
            tasks.append { [self] in
                let said = withGrad(enabled: isKept) { askPolicy(about: batch, whole) }
                return Passes(distribution: isKept ? said : nil)
            }
            if let reference = networks.reference {
                tasks.append { [self] in
                    noGrad { ask(reference, about: batch, whole) }
                    return Passes()
                }
            }
            if let critic = networks.critic {
                tasks.append { [self] in
                    let values_N = withGrad(enabled: isKept) { ask(critic, about: batch, whole) }
                    return Passes(values_N: isKept ? values_N : nil)
                }
            }
        }
        let kept = sideBySide(tasks.count) { tasks[$0]() }
        firstPasses = FirstPasses(
            rows: batches.prefix(keptCount).map(\.rows), distributions: kept.compactMap(\.distribution),
            values: kept.compactMap(\.values_N))
        return whole
    }

    /// Whole passes side by side, where they have the same bits as with all threads in one of them, or are never
    /// computed in that way.
    private func sideBySide<Result>(_ count: Int, _ task: (Int) -> Result) -> [Result] {
        let learnSideBySide = networks.critic != nil && Threads.intraOp <= 2
        guard Torch.computesTokensAlike || learnSideBySide else { return (0..<count).map(task) }
        return Threads.map(count, task)
    }

    private func keptCount(of batches: [AnswerBatch]) -> Int {
        var tokenCount = 0
        let kept = batches.enumerated().prefix { number, batch in
            tokenCount += batch.tokenCount
            return number == 0 || tokenCount <= configuration.tokensPerMicroBatch
        }
        return kept.count
    }

    private func askPolicy(about batch: AnswerBatch, _ whole: AnswerPasses) -> TokenDistribution {
        let temperature = configuration.temperature
        let said = batch.distribution(networks.policy, temperature: temperature)
        fill(whole.old_RW, with: said.logProbs_N, of: batch)
        fill(whole.entropies_RW, with: said.entropies_N, of: batch)
        fill(whole.normalizers_RW, with: said.normalizers_N, of: batch)
        fill(whole.plain_RW, with: said.logProbsAtOne_N(batch.targets_N, temperature), of: batch)
        return said
    }

    private func ask(_ reference: CausalLanguageModel, about batch: AnswerBatch, _ whole: AnswerPasses) {
        let said = batch.distribution(reference, temperature: configuration.temperature)
        fill(whole.reference_RW, with: said.logProbs_N, of: batch)
    }

    private func ask(_ critic: ScoringModel, about batch: AnswerBatch, _ whole: AnswerPasses) -> Tensor {
        let values_N = batch.values(critic)
        fill(whole.values_RW, with: values_N, of: batch)
        return values_N
    }

    /// The batch's rows of something about all answers; other batches have other rows.
    private func fill(_ whole_RW: Tensor?, with values_N: Tensor, of batch: AnswerBatch) {
        noGrad { _ = whole_RW?.indexCopyInPlace(0, index: batch.rows_B, source: batch.spread(values_N.detach())) }
    }
}
