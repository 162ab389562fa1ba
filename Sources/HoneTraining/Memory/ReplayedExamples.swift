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
    ///   - members: those that may be learnt
    ///   - former: the model as the run begins, which says what is hard
    ///   - seed: of the order
    init(
        _ settings: MemoryConfiguration.Replay, set: TrainingSet, members: [Int32], former: CausalLanguageModel,
        seed: UInt64
    ) {
        weight = settings.weight
        self.set = set
        var drawn = members
        let hardCount = Int(settings.hardShare * Double(members.count))
        if hardCount > 0, settings.hardCopies > 1 {
            let hard = Self.byFallingLoss(members, of: set, former).prefix(hardCount)
            for _ in 1..<settings.hardCopies { drawn += hard }
        }
        plan = BatchPlan(set: set, members: drawn, tokensPerBatch: settings.tokensPerStep, seed: seed)
    }

    /// Adds the gradient of weight times the mean loss a token, and returns the loss.
    mutating func addGradient(of model: CausalLanguageModel, atStep step: Int) -> Double {
        let batch = TokenBatch(plan.batch(atStep: step), of: set)
        let loss = batch.logits_NV(model).crossEntropy(batch.targets_N)
        (loss * weight).backward()
        return loss.item()
    }

    /// Examples by their mean loss a token under a model, the highest first; ties in the set's order.
    static func byFallingLoss(_ members: [Int32], of set: TrainingSet, _ model: CausalLanguageModel) -> [Int32] {
        let losses = noGrad {
            members.map { member in
                let batch = TokenBatch([member], of: set)
                return (loss: batch.logits_NV(model).crossEntropy(batch.targets_N).item(), member: member)
            }
        }
        return losses.sorted { ($1.loss, $0.member) < ($0.loss, $1.member) }.map(\.member)
    }
}
