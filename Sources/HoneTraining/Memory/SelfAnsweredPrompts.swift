internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

/// Old prompts with the answers of the model as it was, and how far the model has moved from it on them.
///
/// Shape legend: N predicted tokens of a batch, V vocabulary.
struct SelfAnsweredPrompts {
    private let settings: MemoryConfiguration.SelfAnswers
    /// Of the whole run.
    private let steps: Int
    private let former: CausalLanguageModel
    private let set: TrainingSet
    private var plan: BatchPlan

    /// Lets `former` answer the prompts.
    init(
        _ settings: MemoryConfiguration.SelfAnswers, prompts: [[Int32]], answers: OwnAnswers, steps: Int, seed: UInt64
    ) throws {
        self.settings = settings
        self.steps = steps
        former = answers.model
        let written = try answers.write(to: prompts, temperature: settings.temperature, seed: seed)
        set = TrainingSet(prompts: prompts, completions: written)
        plan = BatchPlan(
            set: set, members: set.entries.indices.map(Int32.init), tokensPerBatch: settings.tokensPerStep, seed: seed)
    }

    /// Adds the gradient of the step's weight · KL(before ‖ now) over its batch, and returns the KL in nats a token.
    mutating func addGradient(of model: CausalLanguageModel, atStep step: Int) -> Double {
        let batch = TokenBatch(plan.batch(atStep: step), of: set)
        let former_NV = noGrad { batch.logits_NV(former).logSoftmax(dim: -1) }
        let now_NV = batch.logits_NV(model).logSoftmax(dim: -1)
        let divergence = Self.divergence(of: now_NV, from: former_NV)
        (divergence * settings.weight(atStep: step, of: steps)).backward()
        return divergence.item()
    }

    /// Mean over N of Σ p (log p - log q), p being `former_NV` and q `now_NV`, both as natural logarithms `[N, V]`.
    static func divergence(of now_NV: Tensor, from former_NV: Tensor) -> Tensor {
        (former_NV.exp() * (former_NV - now_NV)).sum(dim: -1).mean()
    }
}

extension MemoryConfiguration.SelfAnswers {
    /// The weight in a step, counted from 0.
    func weight(atStep step: Int, of steps: Int) -> Double {
        let rise = riseShare * Double(steps - 1)
        let progress = rise > 0 ? min(1, Double(step) / rise) : 1
        return weight * (initialShare + (1 - initialShare) * progress * progress * progress)
    }
}
