internal import Crypto
internal import HoneModel
internal import HoneTensor

/// The networks of a run: the policy that learns, the reference that it is measured to, and the critic.
///
/// All of them compute by the same kernels in the same mode, so that equal weights give equal bits. That is why the
/// reference's weights are marked as if they were trained; no optimizer holds them.
struct PolicyNetworks {
    /// What samples and learns.
    let policy: CausalLanguageModel
    /// What is trained of it: all weights, or the adapters.
    let trained: [NamedParameter]
    /// Nil where nothing is measured to it.
    let reference: CausalLanguageModel?
    /// Nil where advantages come from groups.
    let critic: ScoringModel?
    /// Of the reference's weights when the run began, or of its frozen base's.
    let referenceHash: String?
    private let frozen: CausalLanguageModel?

    /// - Parameters:
    ///   - configuration: says which networks there are
    ///   - policy: trained in place, or the frozen base of adapters
    ///   - reference: a copy of the policy as it is now when nil
    ///   - critic: the policy's copy under a zero head when nil
    ///   - generator: draws the adapters
    /// - Throws: `TrainingError.configuration` for networks that do not go together.
    init(
        _ configuration: PPOConfiguration, policy: CausalLanguageModel, reference: CausalLanguageModel?,
        critic: ScoringModel?, generator: Generator
    ) throws {
        let shape = policy.configuration
        for other in [reference?.configuration, critic?.backbone.configuration].compactMap(\.self)
        where other.vocabularySize != shape.vocabularySize {
            throw TrainingError.configuration(
                key: "model",
                reason: "the policy has \(shape.vocabularySize) tokens and its reference or critic "
                    + "\(other.vocabularySize); all must be of one tokenizer")
        }
        let usesCritic = configuration.objective.estimator == .gae
        self.critic =
            usesCritic
            ? try critic ?? ScoringModel(.value, on: policy.copy(), generator: generator) : nil
        let usesReference = configuration.divergence.coefficient > 0
        if let adapters = configuration.adapters {
            policy.requireGrad(false)
            let base = reference ?? policy
            base.requireGrad(false)
            self.policy = policy.adapted(adapters, generator: generator)
            trained = self.policy.adapterParameters
            frozen = usesReference ? base : nil
            // Adapters that add zero, for the sake of the same kernels.
            self.reference = usesReference ? base.adapted(adapters, generator: Generator(seed: 0)) : nil
        } else {
            policy.requireGrad()
            self.policy = policy
            trained = policy.namedParameters
            frozen = usesReference ? try reference ?? policy.copy() : nil
            frozen?.requireGrad()
            self.reference = frozen
        }
        self.critic?.requireGrad()
        for model in [self.policy, self.reference, self.critic?.backbone].compactMap(\.self) {
            model.prepare(tokenCount: shape.maxPositionCount)
        }
        referenceHash = frozen?.weightHash
    }

    /// The hash of the reference's weights now.
    var currentReferenceHash: String? { frozen?.weightHash }

    /// Whether policy and reference have the same weights, bit for bit.
    var isAtReference: Bool {
        guard let reference else { return false }
        let (own, other) = (policy.stateDictionary(), reference.stateDictionary())
        let isBaseEqual = own.allSatisfy { name, tensor in other[name].map(tensor.equals) ?? false }
        let isUnadapted = policy.adapterParameters.allSatisfy {
            !$0.name.hasSuffix("lora_B.weight") || !$0.tensor.any()
        }
        return isBaseEqual && isUnadapted
    }
}

extension CausalLanguageModel {
    /// SHA-256 of all weights, by rising name.
    var weightHash: String {
        var hasher = SHA256()
        for (name, tensor) in stateDictionary().sorted(by: { $0.key < $1.key }) {
            hasher.update(data: Array(name.utf8))
            tensor.toArray(Float.self).withUnsafeBytes { hasher.update(bufferPointer: $0) }
        }
        return hasher.finalize().hexadecimal
    }
}
