internal import HoneTensor

/// The optimizers of a run, moved together.
///
/// Muon takes the matrices inside the layers, AdamW the rest: embedding, head, norms and biases. Both learning rates
/// follow one schedule.
final class TrainingOptimizer {
    private let configuration: OptimizerConfiguration
    /// Steps of the whole run.
    private let steps: Int
    private let parameters: [Tensor]
    private let muon: Muon?
    private let adamW: AdamW

    init(_ configuration: OptimizerConfiguration, _ parameters: [NamedParameter], steps: Int) {
        self.configuration = configuration
        self.steps = steps
        self.parameters = parameters.map(\.tensor)
        let isForMuon = { (parameter: NamedParameter) in
            configuration.kind == .muon && parameter.name.hasPrefix("model.layers.") && parameter.tensor.dim == 2
        }
        muon =
            configuration.kind == .muon
            ? Muon(
                parameters.filter(isForMuon), learningRate: configuration.matrixLearningRate,
                momentum: configuration.momentum, weightDecay: configuration.weightDecay)
            : nil
        adamW = AdamW(
            parameters.filter { !isForMuon($0) }, learningRate: configuration.learningRate,
            betas: (configuration.beta1, configuration.beta2), eps: configuration.epsilon,
            weightDecay: configuration.weightDecay, decays: { $0.tensor.dim > 1 })
    }

    /// Scales the gradients down to the longest norm that the configuration allows, and returns the norm before.
    func clipGradients() -> Double {
        clipGradNorm(parameters, maxNorm: configuration.clipNorm > 0 ? configuration.clipNorm : .infinity)
    }

    /// Moves the weights in the step of this number, counted from 0, and returns AdamW's learning rate.
    @discardableResult
    func advance(step: Int) -> Double {
        advance(learningRateShare: configuration.learningRateShare(atStep: step, of: steps))
    }

    /// Moves the weights by the gradients of a loss in the step of this number, counted from 0; `chance` is what
    /// guessing costs. Returns the loss, the norm of the gradients before they were clipped, and AdamW's learning rate.
    ///
    /// - Throws: `TrainingError.nonFinite` or `.exploded`, naming the batch, before the weights change.
    func learn(
        from loss: Tensor, chance: Double, step: Int, batch: BatchName
    ) throws(TrainingError) -> (loss: Double, gradNorm: Double, learningRate: Double) {
        let check = StepCheck(step: step + 1, batch: batch)
        let value = loss.item()
        try check.requireSound(loss: value, chance: chance)
        loss.backward()
        let gradNorm = clipGradients()
        try check.requireFinite(gradNorm, "gradient's norm")
        return (value, gradNorm, advance(step: step))
    }

    /// Moves the weights at this share of the peak learning rates, and returns AdamW's learning rate.
    func advance(learningRateShare share: Double) -> Double {
        muon?.learningRate = configuration.matrixLearningRate * share
        muon?.step()
        adamW.learningRate = configuration.learningRate * share
        adamW.step()
        return adamW.learningRate
    }

    func zeroGrad() {
        muon?.zeroGrad()
        adamW.zeroGrad()
    }

    /// The state of both; their names differ in the suffix.
    func stateDictionary() -> [String: Tensor] {
        adamW.stateDictionary().merging(muon?.stateDictionary() ?? [:]) { first, _ in first }
    }

    func load(_ state: [String: Tensor]) throws(TensorError) {
        let ofMuon = muon?.stateDictionary() ?? [:]
        try muon?.load(state.filter { ofMuon[$0.key] != nil })
        try adamW.load(state.filter { ofMuon[$0.key] == nil })
    }
}
