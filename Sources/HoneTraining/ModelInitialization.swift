internal import HoneModel
internal import HoneTensor

/// How the first weights of a model are drawn.
public enum ModelInitialization: String, Codable, Sendable, CaseIterable {
    /// Every matrix normal with the model configuration's `initializer_range`, as transformers does it.
    case normal
    /// Every layer begins as the identity: the projections that write to the residual stream start at zero, the others
    /// normal with variance 1/inputs. An output layer of its own starts at zero and its embedding at 0.7, so that the
    /// first prediction is uniform.
    case identity

    func apply(to model: CausalLanguageModel, generator: Generator) {
        guard self == .identity else { return }
        noGrad {
            // Summaries of blocks begin as means, and their gates half open, whatever the rest begins as.
            let kept = ["k_compress.weight", "v_compress.weight", "branch_gate.weight"]
            let drawn = model.namedParameters.filter { parameter in
                parameter.tensor.dim == 2 && !kept.contains { parameter.name.hasSuffix($0) }
            }
            for parameter in drawn {
                let deviation = Self.deviation(parameter, tiesEmbeddings: model.configuration.tiesEmbeddings)
                let drawn = Tensor.randn(parameter.tensor.shape, generator: generator)
                parameter.tensor.copyInPlace(drawn * (deviation ?? model.configuration.initializerRange))
            }
        }
    }

    /// The standard deviation of a matrix; nil where the model's own serves.
    private static func deviation(_ parameter: NamedParameter, tiesEmbeddings: Bool) -> Double? {
        switch parameter.name {
        case "model.embed_tokens.weight": tiesEmbeddings ? nil : 0.7
        case "lm_head.weight": 0
        case let name where name.hasSuffix(".o_proj.weight") || name.hasSuffix(".down_proj.weight"): 0
        default: 1 / Double(parameter.tensor.size(1)).squareRoot()
        }
    }
}
