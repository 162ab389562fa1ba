private let fusedStep = Operator("aten::_fused_adamw_")

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2).
public final class AdamW {
    public var learningRate: Double
    private let betas: (Double, Double)
    private let eps: Double
    private let weightDecay: Double
    private let slots: [Slot]

    /// One parameter with its running moments.
    private struct Slot {
        let parameter: NamedParameter
        let decays: Bool
        let mean: Tensor
        let square: Tensor
        /// Number of steps done, a scalar as the fused operator wants it.
        let step: Tensor

        var state: [(suffix: String, tensor: Tensor)] {
            [(".exp_avg", mean), (".exp_avg_sq", square), (".step", step)]
        }

        init(_ parameter: NamedParameter, decays: Bool) {
            self.parameter = parameter
            self.decays = decays
            mean = parameter.tensor.detach().zerosLike()
            square = parameter.tensor.detach().zerosLike()
            step = Tensor.zeros([])
        }
    }

    /// - Parameters:
    ///   - parameters: what to train; those without a gradient at a step are left as they are
    ///   - learningRate: may be changed between steps
    ///   - betas: decay of the running mean and of the running square
    ///   - eps: added to the root of the running square
    ///   - weightDecay: fraction of a parameter taken off per step and unit of learning rate
    ///   - decays: which parameters the decay applies to; norms and biases are often spared
    public init(
        _ parameters: [NamedParameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
        eps: Double = 1e-8, weightDecay: Double = 0.01, decays: (NamedParameter) -> Bool = { _ in true }
    ) {
        self.learningRate = learningRate
        self.betas = betas
        self.eps = eps
        self.weightDecay = weightDecay
        slots = parameters.map { Slot($0, decays: decays($0)) }
    }

    /// Moves every parameter that has a gradient.
    public func step() {
        noGrad {
            update(slots.filter { $0.decays }, weightDecay: weightDecay)
            update(slots.filter { !$0.decays }, weightDecay: 0)
        }
    }

    /// Forgets the gradients.
    public func zeroGrad() {
        for slot in slots { slot.parameter.tensor.grad = nil }
    }

    private func update(_ slots: [Slot], weightDecay: Double) {
        let live = slots.compactMap { slot in slot.parameter.tensor.grad.map { (slot, $0) } }
        guard !live.isEmpty else { return }
        for (slot, _) in live { slot.step.addInPlace(1) }
        _ = fusedStep.all(
            .tensors(live.map { $0.0.parameter.tensor }), .tensors(live.map { $0.1 }),
            .tensors(live.map { $0.0.mean }), .tensors(live.map { $0.0.square }), .tensors([]),
            .tensors(live.map { $0.0.step }), .real(learningRate), .real(betas.0), .real(betas.1),
            .real(weightDecay), .real(eps), .bool(false), .bool(false))
        // The fused operator leaves the versions as they are, by which packed weights are known to be out of date.
        for (slot, _) in live { slot.parameter.tensor.bumpVersion() }
    }
}

// Checkpoints.
extension AdamW {
    /// The moments and step counts under `<parameter>.exp_avg`, `.exp_avg_sq` and `.step`; they share memory with the
    /// optimizer.
    public func stateDictionary() -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for slot in slots {
            for (suffix, tensor) in slot.state { state[slot.parameter.name + suffix] = tensor }
        }
        return state
    }

    /// Continues where the optimizer that gave `state` stood. Nothing is changed unless all of it fits.
    public func load(_ state: [String: Tensor]) throws(TensorError) {
        try restore(stateDictionary(), from: state)
    }
}
