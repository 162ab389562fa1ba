internal import HoneModel
internal import HoneTensor

/// The optimizers of a run, moved together.
///
/// Muon takes the matrices inside the layers, AdamW the rest: embedding, head, norms and biases. Both learning rates
/// follow one schedule.
final class TrainingOptimizer {
    private let configuration: SFTConfiguration
    private let muon: Muon?
    private let adamW: AdamW

    init(_ configuration: SFTConfiguration, _ model: CausalLanguageModel) {
        self.configuration = configuration
        let parameters = model.namedParameters
        let isForMuon = { (parameter: NamedParameter) in
            configuration.optimizer == .muon && parameter.name.hasPrefix("model.layers.") && parameter.tensor.dim == 2
        }
        muon =
            configuration.optimizer == .muon
            ? Muon(
                parameters.filter(isForMuon), learningRate: configuration.matrixLearningRate,
                momentum: configuration.momentum, weightDecay: configuration.weightDecay)
            : nil
        adamW = AdamW(
            parameters.filter { !isForMuon($0) }, learningRate: configuration.learningRate,
            betas: (configuration.beta1, configuration.beta2), eps: configuration.epsilon,
            weightDecay: configuration.weightDecay, decays: { $0.tensor.dim > 1 })
    }

    /// Moves the weights in the step of this number, counted from 0, and returns AdamW's learning rate.
    func advance(step: Int) -> Double {
        let share = configuration.learningRateShare(atStep: step)
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
