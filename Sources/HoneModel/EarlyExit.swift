public import HoneTensor

/// A way out of a network after some of its layers, with a norm and an output layer of its own.
///
/// What comes out there is trained beside what comes out at the end (Elhoushi et al. 2024, arXiv:2404.16710, section
/// 4.1.2, where all exits share one output layer; here the one exit has its own, since it is answered with alone).
public struct EarlyExit: Module {
    /// Layers before it, at least one and fewer than all.
    public let layer: Int
    /// Layers that every token passes before it is known whether it leaves here: all but the last of those before.
    /// That one computes a prompt's last token alone where it leaves, and all of its tokens where it does not.
    public var commonLayer: Int { layer - 1 }
    let norm: RMSNorm
    /// `[V, C]`
    let head: Linear

    /// An exit that starts as what the network has at its end.
    ///
    /// - Throws: `ModelError.configuration` where the network has no such layer, or none behind it.
    public init(after layer: Int, of model: CausalLanguageModel) throws(ModelError) {
        try Self.check(layer, model.configuration)
        let weight = model.head?.weight ?? model.embedding.weight
        self.init(
            layer: layer, norm: RMSNorm(model.configuration.hiddenSize, eps: model.configuration.rmsNormEps),
            head: Linear(weight: weight.detach().clone().requiringGrad()))
        noGrad { _ = norm.weight.copyInPlace(model.norm.weight) }
    }

    /// An exit whose weights nobody wrote yet.
    init(unfilled layer: Int, _ configuration: ModelConfiguration) throws(ModelError) {
        try Self.check(layer, configuration)
        self.init(
            layer: layer, norm: RMSNorm(configuration.hiddenSize, eps: configuration.rmsNormEps),
            head: Linear(
                weight: Tensor.empty([configuration.vocabularySize, configuration.hiddenSize]).requiringGrad()))
    }

    private init(layer: Int, norm: RMSNorm, head: Linear) {
        self.layer = layer
        self.norm = norm
        self.head = head
    }

    private static func check(_ layer: Int, _ configuration: ModelConfiguration) throws(ModelError) {
        guard (1..<max(configuration.layerCount, 1)).contains(layer) else {
            throw .configuration(
                field: "exit_layer",
                fault: "is \(layer), and an exit of \(configuration.layerCount) layers lies behind 1 to "
                    + "\(configuration.layerCount - 1) of them")
        }
    }

    public func visit(_ visitor: ParameterVisitor) {
        visitor.module("norm", norm)
        visitor.module("head", head)
    }

    /// Logits of hidden states behind the exit's layer: `[…, C]` to `[…, V]`.
    public func logits(_ hidden: Tensor) -> Tensor { head(norm(hidden)) }
}

extension ModelConfiguration {
    /// The shape of the first layers with the exit behind them.
    mutating func endBehind(_ exit: EarlyExit) {
        layerCount = exit.layer
        attention = Array(attention.prefix(exit.layer))
        tiesEmbeddings = false
    }
}

extension CausalLanguageModel {
    /// The first layers with the exit behind them: a network of its own that shares its tensors with this one.
    public func shallow(_ exit: EarlyExit) -> CausalLanguageModel {
        var view = self
        view.configuration.endBehind(exit)
        view.layers = Array(layers.prefix(exit.layer))
        view.norm = exit.norm
        view.head = exit.head
        return view
    }

    /// What one pass has behind the exit's layer, before the exit's norm, and at the end, normalized as
    /// ``hiddenStates(_:at:dropout:)`` has it: both `[P, C]` of the places that are asked for.
    public func hiddenStates(
        _ line: TokenLine, at places_P: Tensor, behind exit: EarlyExit, dropout: Dropout? = nil
    ) -> (exit_PC: Tensor, last_PC: Tensor) {
        let pass = pass(line.lengths, dropout: dropout)
        let x_NC = run(embed(line, pass), through: 0..<exit.layer, pass).sum_NC
        let last = run(x_NC, through: exit.layer..<layers.count, pass, at: places_P)
        return (x_NC.rows(at: places_P), last.normalized(by: norm).normalized)
    }
}
