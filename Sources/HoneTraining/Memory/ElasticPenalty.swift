internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

/// The elastic penalty strength/2 · Σ F (θ - θ₀)² of ``MemoryConfiguration/Elastic``.
struct ElasticPenalty {
    private let strength: Double
    /// θ₀, in the order of the model's parameters.
    private let anchors: [Tensor]
    /// The diagonal of the Fisher information at θ₀, likewise.
    private let information: [Tensor]

    /// Estimates F at the model's weights: E over prompts and answers y ~ p(· | prompt) of (∂ log p(y) / ∂θ)².
    ///
    /// - Parameters:
    ///   - settings: strength and number of answers
    ///   - prompts: in tokens; the first of them are used, again from the beginning where there are too few
    ///   - answers: of the model at θ₀; its parameters collect gradients meanwhile and have none afterwards
    ///   - seed: of the draws
    /// - Throws: `InferenceError` for a prompt that leaves no room for an answer.
    init(_ settings: MemoryConfiguration.Elastic, prompts: [[Int32]], answers: OwnAnswers, seed: UInt64) throws {
        let model = answers.model
        let asked = (0..<settings.sampleCount).map { prompts[$0 % prompts.count] }
        let written = try answers.write(to: asked, temperature: 1, seed: seed)
        let set = TrainingSet(prompts: asked, completions: written)
        self.init(
            settings, anchors: model.parameters.map { $0.detach() },
            information: Self.information(of: model, set))
    }

    init(_ settings: MemoryConfiguration.Elastic, anchors: [Tensor], information: [Tensor]) {
        strength = settings.strength
        self.anchors = anchors
        self.information = information
    }

    /// The mean over a set's examples of the squared gradient of log p(completion | prompt).
    static func information(of model: CausalLanguageModel, _ set: TrainingSet) -> [Tensor] {
        let parameters = model.parameters
        model.requireGrad()
        defer { model.requireGrad(false) }
        let sums = parameters.map { $0.detach().zerosLike() }
        for index in set.entries.indices {
            let batch = TokenBatch([Int32(index)], of: set)
            batch.logits_NV(model).crossEntropy(batch.targets_N, reduction: .sum).backward()
            noGrad {
                for (sum, parameter) in zip(sums, parameters) {
                    if let gradient = parameter.grad { sum.addInPlace(gradient * gradient) }
                    parameter.grad = nil
                }
            }
        }
        return noGrad { sums.map { $0 / Double(set.entries.count) } }
    }

    /// Adds the penalty's gradient, strength · F (θ - θ₀).
    ///
    /// - Parameter parameters: in the order of the model that F was estimated for; all have a gradient
    /// - Returns: the penalty
    func addGradient(to parameters: [Tensor]) -> Double {
        noGrad {
            var penalty = 0.0
            for (index, parameter) in parameters.enumerated() {
                let moved = parameter - anchors[index]
                let pull = information[index] * moved
                penalty += (pull * moved).sum().item()
                parameter.grad?.addInPlace(pull, alpha: strength)
            }
            return strength / 2 * penalty
        }
    }
}
