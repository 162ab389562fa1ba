public import HoneModel

/// What a training will take, predicted from the network's shape and the settings before anything is made.
///
/// It counts what grows with them: weights, gradients, the optimizer's moments, what passes keep for their backward
/// passes, logits, and the cache of roll-outs, all in `.float32`. Libraries and examples come on top.
public struct MemoryNeed: Sendable {
    /// Bytes by what they are for.
    public private(set) var parts: [(name: String, byteCount: Int)] = []

    public var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

    /// Supervised training of a network of `shape`.
    public init(_ configuration: SFTConfiguration, shape: ModelConfiguration) {
        addTraining(of: Double(shape.parameterCount), all: Double(shape.parameterCount))
        addPass(shape, tokens: configuration.tokensPerBatch, networkCount: 1)
    }

    /// A reward model on a backbone of `shape`.
    public init(_ configuration: RewardConfiguration, shape: ModelConfiguration) {
        addTraining(of: Double(shape.parameterCount), all: Double(shape.parameterCount))
        addPass(shape, tokens: configuration.tokensPerBatch, networkCount: 1, readsLogits: false)
    }

    /// Reinforcement on a policy of `shape`, with its reference and critic.
    ///
    /// - Parameters:
    ///   - configuration: the run
    ///   - shape: of the policy
    ///   - samplesWithCopy: whether answers are sampled with a copy of the policy
    public init(_ configuration: PPOConfiguration, shape: ModelConfiguration, samplesWithCopy: Bool = false) {
        let count = Double(shape.parameterCount)
        let usesCritic = configuration.objective.estimator == .gae
        let usesReference = configuration.divergence.coefficient > 0
        let adapterCount = configuration.adapters.map {
            Double($0.rank) * Double(shape.layerCount * 7 * (shape.hiddenSize + shape.intermediateSize))
        }
        addTraining(of: adapterCount ?? count, all: count)
        if usesReference { add("the reference", numbers: count) }
        if samplesWithCopy { add("the sampler's weights", numbers: count) }
        if usesCritic { addTraining(of: count, all: count, name: "the critic's ") }
        // Passes that keep nothing compute with weights in another order, which are kept from pass to pass.
        add("packed weights", numbers: count * (1 + (usesReference ? 1 : 0) + (usesCritic ? 1 : 0)))
        // The reference's passes keep nothing.
        addPass(shape, tokens: configuration.tokensPerMicroBatch, networkCount: usesCritic ? 2 : 1)
        let answers = Double(configuration.promptsPerStep) * Double(configuration.samplesPerPrompt)
        // Prompts about as long as answers, within the context.
        let length = min(2 * min(configuration.maximumNewTokens, greatestCount), shape.maxPositionCount)
        add(
            "the roll-outs' cache",
            numbers: answers * Double(length) * Double(shape.layerCount * 2 * shape.kvHeadCount * shape.headSize))
        add("the roll-outs' logits", numbers: 6 * answers * Double(shape.vocabularySize))
    }

    /// Throws where less than this is to be had.
    ///
    /// - Throws: `TrainingError.memory`, naming the need and what there is.
    public func requireAvailable() throws(TrainingError) {
        try require(AvailableMemory.read())
    }

    func require(_ available: AvailableMemory?) throws(TrainingError) {
        guard let available, available.byteCount < byteCount else { return }
        let largest = parts.sorted { $0.byteCount > $1.byteCount }.prefix(3)
        throw .memory(
            need: byteCount, available: available.byteCount, bound: available.bound,
            largest: largest.map { "\(TrainingError.mebibytes($0.byteCount)) for \($0.name)" }.joined(separator: ", "))
    }

    /// Settings that nobody can mean are to be refused, and so must not overflow: what is more than there can be on any
    /// machine is as much as that.
    private mutating func add(_ name: String, numbers: Double) {
        parts.append((name, Int(min(4 * numbers, 0x1p58))))
    }

    /// Weights, and gradients and two moments of those that are trained; Muon has one, and what it holds of a few
    /// matrices while it moves them.
    private mutating func addTraining(of trained: Double, all: Double, name: String = "") {
        add("\(name)weights", numbers: all)
        add("\(name)gradients", numbers: trained)
        add("\(name)optimizer", numbers: 2 * trained)
    }

    /// What one pass of each network keeps until its gradients are known.
    private mutating func addPass(
        _ shape: ModelConfiguration, tokens: Int, networkCount: Int, readsLogits: Bool = true
    ) {
        let heads = (2 * shape.headCount + 2 * shape.kvHeadCount) * shape.headSize
        let layer = 6 * shape.hiddenSize + 2 * heads + 3 * shape.intermediateSize
        let number = networkCount * (shape.layerCount * layer + 2 * shape.hiddenSize)
        add("activations", numbers: Double(tokens) * Double(number))
        if readsLogits { add("logits", numbers: 3 * Double(tokens) * Double(shape.vocabularySize)) }
    }
}
