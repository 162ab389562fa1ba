internal import HoneTensor

/// What the last step leaves in the place of the weights that it reached; see ``MemoryConfiguration/Averaging``.
struct WeightAverage {
    private let settings: MemoryConfiguration.Averaging
    /// The weights as the run began, or their running mean since.
    private let kept: [NamedParameter]

    /// - Parameters:
    ///   - settings: which average
    ///   - former: the parameters as the run began, of which copies are taken
    init(_ settings: MemoryConfiguration.Averaging, former: [NamedParameter]) {
        self.settings = settings
        kept = former.map { parameter in
            NamedParameter(
                name: parameter.name,
                tensor: noGrad { parameter.tensor.detach().zerosLike().copyInPlace(parameter.tensor) })
        }
    }

    /// Takes in the weights after a step; after the last one, replaces them by the average.
    func follow(_ parameters: [Tensor], isLast: Bool) {
        noGrad {
            switch settings {
            case .exponential(let decay):
                for (mean, parameter) in zip(kept, parameters) {
                    mean.tensor.addInPlace(parameter - mean.tensor, alpha: 1 - decay)
                    if isLast { parameter.copyInPlace(mean.tensor) }
                }
            case .interpolation(let share):
                guard isLast else { return }
                for (former, parameter) in zip(kept, parameters) {
                    parameter.copyInPlace(former.tensor + (parameter - former.tensor) * share)
                }
            }
        }
    }

    /// What going on needs besides the weights that the run started from, by parameter; empty for an interpolation.
    var state: [String: Tensor] {
        guard case .exponential = settings else { return [:] }
        return Dictionary(uniqueKeysWithValues: kept.map { ($0.name, $0.tensor) })
    }

    /// Continues where the average that gave `state` stood.
    func load(_ state: [String: Tensor]) throws(TensorError) {
        let own = self.state
        for (name, tensor) in own {
            guard let source = state[name], source.shape == tensor.shape else {
                throw .stateMismatch(name: name, fault: "is missing or has another shape")
            }
            noGrad { _ = tensor.copyInPlace(source) }
        }
    }
}
