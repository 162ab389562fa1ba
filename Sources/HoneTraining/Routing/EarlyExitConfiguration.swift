internal import Foundation
internal import HoneModel
internal import HoneTensor

/// An early exit trained beside a model: its loss joins that at the end with a weight of its own (Elhoushi et al. 2024,
/// arXiv:2404.16710, equation 4, for one exit and without dropping layers).
public struct EarlyExitConfiguration: Codable, Sendable, Equatable {
    /// Layers before the exit.
    public var layer: Int
    /// What its loss counts beside that at the end.
    public var weight = 0.5

    public init(layer: Int, weight: Double = 0.5) {
        self.layer = layer
        self.weight = weight
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case layer, weight
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init(layer: try settings.count(.layer))
        try settings.read(.weight, into: &weight)
    }

    /// Refuses an exit that cannot be, of a model that is to be made where its shape is known.
    func validate(for shape: ModelConfiguration?) throws(TrainingError) {
        if !(weight > 0 && weight.isFinite) {
            throw .configuration(key: "early_exit.weight", reason: "must be above 0, is \(weight)")
        }
        let most = (shape?.layerCount ?? .max) - 1
        if layer < 1 || layer > most {
            throw .configuration(
                key: "early_exit.layer",
                reason: shape == nil
                    ? "must be at least 1, is \(layer)"
                    : "is \(layer), and an exit of \(most + 1) layers lies behind 1 to \(most) of them")
        }
    }

    /// The exit that the run trains: the one that is there where it lies behind the same layer, else a fresh one.
    func exit(of model: CausalLanguageModel, goingOnFrom given: EarlyExit?) throws -> EarlyExit {
        if let given, given.layer == layer { return given }
        return try EarlyExit(after: layer, of: model)
    }
}

extension EarlyExit {
    /// For an optimizer, under names that are no layer's.
    var trainedParameters: [NamedParameter] {
        namedParameters.map { NamedParameter(name: "early_exit." + $0.name, tensor: $0.tensor) }
    }
}

/// The parts of a step's loss, each a mean over tokens.
struct StepLosses {
    let completions: Tensor
    var prompts: Tensor?
    /// Of completions and prompts at the early exit.
    var exit: Tensor?
    var exitPrompts: Tensor?

    /// What the weights follow.
    func total(_ configuration: SFTConfiguration) -> Tensor {
        func joined(_ completions: Tensor, _ prompts: Tensor?) -> Tensor {
            prompts.map { completions + $0 * configuration.promptLoss } ?? completions
        }
        let own = joined(completions, prompts)
        guard let exit, let weight = configuration.earlyExit?.weight else { return own }
        return own + joined(exit, exitPrompts) * weight
    }
}
