internal import HoneModel
internal import HoneTensor

/// Stored examples that are learnt again beside the new ones.
struct ReplayedExamples {
    private let weight: Double
    private let set: TrainingSet
    private var plan: BatchPlan

    /// - Parameters:
    ///   - settings: how many, and how often the hard ones
    ///   - set: the stored examples
    ///   - former: the model as the run begins, which says what is hard
    ///   - seed: of the order
    init(
        _ settings: MemoryConfiguration.Replay, set: TrainingSet, former: CausalLanguageModel, seed: UInt64
    ) {
        weight = settings.weight
        self.set = set
        var members = set.entries.indices.map(Int32.init)
        let hardCount = Int(settings.hardShare * Double(members.count))
        if hardCount > 0, settings.hardCopies > 1 {
            let hard = Self.byFallingLoss(set, former).prefix(hardCount)
            for _ in 1..<settings.hardCopies { members += hard }
        }
        plan = BatchPlan(set: set, members: members, tokensPerBatch: settings.tokensPerStep, seed: seed)
    }

    /// Adds the gradient of weight times the mean loss a token, and returns the loss.
    mutating func addGradient(of model: CausalLanguageModel, atStep step: Int) -> Double {
        let batch = TokenBatch(plan.batch(atStep: step), of: set)
        let loss = batch.logits_NV(model).crossEntropy(batch.targets_N)
        (loss * weight).backward()
        return loss.item()
    }

    /// Examples by their mean loss a token under a model, the highest first; ties in the set's order.
    static func byFallingLoss(_ set: TrainingSet, _ model: CausalLanguageModel) -> [Int32] {
        let losses = noGrad {
            set.entries.indices.map { index in
                let batch = TokenBatch([Int32(index)], of: set)
                return batch.logits_NV(model).crossEntropy(batch.targets_N).item()
            }
        }
        return set.entries.indices.sorted { (losses[$1], $0) < (losses[$0], $1) }.map(Int32.init)
    }
}
