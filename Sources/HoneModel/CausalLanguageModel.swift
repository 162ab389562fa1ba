public import HoneTensor

/// A decoder-only transformer with the parameter names and the results of transformers' Llama, Qwen2 and Qwen3.
///
/// Shape suffixes: B batch, T tokens, C hidden size, V vocabulary.
public struct CausalLanguageModel: Module {
    public let configuration: ModelConfiguration
    let embedding: Embedding
    var layers: [DecoderLayer]
    let norm: RMSNorm
    /// The output layer; the embedding serves when nil.
    let head: Linear?
    let rotary: RotaryEmbedding

    /// A model with fresh weights, normally distributed.
    public init(_ configuration: ModelConfiguration, generator: Generator? = nil, device: Device = .cpu) {
        let range = configuration.initializerRange
        self.init(configuration, device: device) { inputSize, outputSize, bias in
            Linear(
                inputSize, outputSize, bias: bias, standardDeviation: range, generator: generator, device: device)
        }
    }

    /// Takes every matrix, of an input and an output size and with or without bias, from `linear`.
    init(_ configuration: ModelConfiguration, device: Device, linear: (Int, Int, Bool) -> Linear) {
        let c = configuration
        self.configuration = c
        embedding = Embedding(weight: linear(c.hiddenSize, c.vocabularySize, false).weight)
        layers = (0..<c.layerCount).map { index in
            let heads = c.headCount + 2 * c.kvHeadCount
            let attention = Attention(
                qkv: linear(c.hiddenSize, heads * c.headSize, c.attentionBias),
                output: linear(c.headCount * c.headSize, c.hiddenSize, c.attentionOutputBias),
                headCount: c.headCount, kvHeadCount: c.kvHeadCount, headSize: c.headSize,
                headNorms: c.hasHeadNorms ? HeadNorms(c.headSize, eps: c.rmsNormEps, device: device) : nil,
                kind: c.attentionKind(ofLayer: index))
            let feedForward = FeedForward(
                gateUp: linear(c.hiddenSize, 2 * c.intermediateSize, c.feedForwardBias),
                down: linear(c.intermediateSize, c.hiddenSize, c.feedForwardBias))
            return DecoderLayer(
                inputNorm: RMSNorm(c.hiddenSize, eps: c.rmsNormEps, device: device), attention: attention,
                postNorm: RMSNorm(c.hiddenSize, eps: c.rmsNormEps, device: device), feedForward: feedForward)
        }
        norm = RMSNorm(c.hiddenSize, eps: c.rmsNormEps, device: device)
        head = c.tiesEmbeddings ? nil : linear(c.hiddenSize, c.vocabularySize, false)
        rotary = RotaryEmbedding(c, device: device)
    }

    public func visit(_ visitor: ParameterVisitor) {
        visitor.module("model.embed_tokens", embedding)
        visitor.modules("model.layers", layers)
        visitor.module("model.norm", norm)
        if let head { visitor.module("lm_head", head) }
    }
}

// Computing.
extension CausalLanguageModel {
    /// Logits of the next token at every position: `[B, T]` ids to `[B, T, V]`.
    ///
    /// Shorter rows are padded on the right: no token sees those behind it, so padding changes no other position.
    public func callAsFunction(_ ids_BT: Tensor) -> Tensor { logits(hiddenStates(ids_BT)) }

    /// The last layer's normalized output, `[B, T, C]`: what value and reward heads read.
    ///
    /// In training, `dropout` zeroes a share of the embedding's and the layers' outputs.
    public func hiddenStates(_ ids_BT: Tensor, dropout: Dropout? = nil) -> Tensor {
        forward(ids_BT, rotary: rotary.tables(count: ids_BT.size(1)), cache: nil, plan: nil, dropout: dropout)
    }

    /// Makes the tables of positions long enough for `tokenCount` tokens.
    ///
    /// Tables made in inference mode cannot serve training, so a model that does both in turn makes them before.
    public func prepare(tokenCount: Int) { _ = rotary.tables(count: tokenCount) }

    /// Logits of hidden states: `[…, C]` to `[…, V]`.
    public func logits(_ hidden: Tensor) -> Tensor {
        guard let head else { return hidden.linear(embedding.weight) }
        return head(hidden)
    }

    /// Reads new sequences into the cache, as rows behind those that it holds.
    ///
    /// - Parameters:
    ///   - ids_BT: padded on the right
    ///   - lengths: tokens of every row without padding, at least 1
    ///   - cache: holds the rows afterwards
    /// - Returns: logits of the token after each row's last, `[B, V]`
    public func prefill(_ ids_BT: Tensor, lengths: [Int], cache: KVCache) -> Tensor {
        let (b, t) = (ids_BT.size(0), ids_BT.size(1))
        precondition(lengths.count == b, "\(lengths.count) lengths for \(b) rows")
        precondition(lengths.allSatisfy { (1...t).contains($0) }, "lengths \(lengths) of \(t) tokens")
        precondition(t <= cache.tokenCapacity, "\(t) tokens in a cache for \(cache.tokenCapacity)")
        let plan = cache.addRows(lengths)
        let hidden_BTC = forward(ids_BT, rotary: rotary.tables(count: t), cache: cache, plan: plan)
        let last = Tensor(lengths.enumerated().map { $0 * t + $1 - 1 }, device: ids_BT.device)
        return logits(hidden_BTC.flatten(from: 0, through: 1).indexSelect(0, last))
    }

    /// Appends one token to every row of the cache.
    ///
    /// - Parameters:
    ///   - ids_B: one token per row
    ///   - cache: as `prefill` left it
    /// - Returns: logits of the token after, `[B, V]`
    public func decode(_ ids_B: Tensor, cache: KVCache) -> Tensor {
        precondition(ids_B.size(0) == cache.rowCount, "\(ids_B.size(0)) tokens for \(cache.rowCount) rows")
        let plan = cache.addTokens()
        guard let positions = plan.positions_B else { preconditionFailure("a plan for decoding has positions") }
        let angles = rotary.tables(at: positions, limit: plan.window)
        return logits(forward(ids_B.unsqueeze(1), rotary: angles, cache: cache, plan: plan).squeeze(1))
    }

    private func forward(
        _ ids_BT: Tensor, rotary: RotaryTables, cache: KVCache?, plan: KVCache.Plan?, dropout: Dropout? = nil
    ) -> Tensor {
        var x_BTC = embedding(ids_BT).thinned(by: dropout)
        for (i, layer) in layers.enumerated() {
            let part = plan.flatMap { plan in cache.map { $0.layer(i, plan) } }
            x_BTC = layer(x_BTC, rotary: rotary, cache: part, dropout: dropout)
        }
        return norm(x_BTC)
    }
}
