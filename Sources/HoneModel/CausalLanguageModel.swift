public import HoneTensor

/// A decoder-only transformer with the parameter names and the results of transformers' Llama, Qwen2 and Qwen3.
///
/// Shape suffixes: B sequences, T tokens of each, N tokens of all, P places among them, C hidden size, V vocabulary.
public struct CausalLanguageModel: Module {
    public internal(set) var configuration: ModelConfiguration
    var embedding: Embedding
    var layers: [DecoderLayer]
    var norm: RMSNorm
    /// The output layer; the embedding serves when nil.
    var head: Linear?
    /// Computes the output layer where the embedding's matrix serves as one in fewer bits.
    var packedHead: PackedMatrix?
    let rotary: RotaryEmbedding

    /// A model with fresh weights, normally distributed.
    public init(_ configuration: ModelConfiguration, generator: Generator? = nil, device: Device = .cpu) {
        let range = configuration.initializerRange
        self.init(configuration, device: device) { inputSize, outputSize, bias in
            Linear(
                inputSize, outputSize, bias: bias, standardDeviation: range, generator: generator, device: device)
        }
        for layer in layers { layer.attention.blocks?.startAsMean() }
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
                kind: c.attentionKind(ofLayer: index),
                blocks: c.blockBranches(ofLayer: index, linear: linear))
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
    /// Shorter rows may be filled up on the right: no token sees those behind it.
    public func callAsFunction(_ ids_BT: Tensor) -> Tensor {
        logits(hiddenStates(TokenLine(rows: ids_BT))).view(ids_BT.size(0), ids_BT.size(1), -1)
    }

    /// The last layer's normalized output, `[N, C]`, or `[P, C]` where places in the line are asked for: what output,
    /// value and reward heads read. The last layer computes the places that are asked for alone.
    ///
    /// In training, `dropout` zeroes a share of the embedding's and the layers' outputs.
    public func hiddenStates(_ line: TokenLine, at places_P: Tensor? = nil, dropout: Dropout? = nil) -> Tensor {
        forward(line, at: places_P, cache: nil, dropout: dropout)
    }

    /// Makes the tables of positions long enough for `tokenCount` tokens.
    ///
    /// Tables made in inference mode cannot serve training, so a model that does both in turn makes them before.
    public func prepare(tokenCount: Int) { _ = rotary.tables(count: tokenCount) }

    /// Logits of hidden states: `[…, C]` to `[…, V]`.
    public func logits(_ hidden: Tensor) -> Tensor {
        guard let head else { return packedHead?(hidden) ?? hidden.linear(embedding.weight) }
        return head(hidden)
    }

    /// Reads new sequences into the cache, as rows behind those that it holds.
    ///
    /// - Returns: logits of the token after each sequence's last, `[B, V]`
    public func prefill(_ line: TokenLine, cache: KVCache) -> Tensor {
        let longest = line.lengths.max() ?? 0
        precondition(longest <= cache.tokenCapacity, "\(longest) tokens in a cache for \(cache.tokenCapacity)")
        var end = 0
        let last_B = line.lengths.map { length in
            end += length
            return end - 1
        }
        let rows = cache.addRows(line.lengths)
        return logits(forward(line, at: Tensor(last_B, device: line.ids_N.device), cache: rows))
    }

    /// Appends one token to every row of the cache.
    ///
    /// - Parameters:
    ///   - ids_B: one token per row
    ///   - cache: as `prefill` left it
    /// - Returns: logits of the token after, `[B, V]`
    public func decode(_ ids_B: Tensor, cache: KVCache) -> Tensor {
        precondition(ids_B.size(0) == cache.rowCount, "\(ids_B.size(0)) tokens for \(cache.rowCount) rows")
        let line = TokenLine(ids_N: ids_B, lengths: [Int](repeating: 1, count: cache.rowCount))
        return logits(forward(line, cache: cache.addTokens()))
    }

    /// What the attention of one layer, with its projections, gives for normalized hidden states of whole sequences:
    /// `[N, C]` to `[N, C]`.
    public func attention(ofLayer index: Int, _ x_NC: Tensor, lengths: [Int]) -> Tensor {
        let pass = ForwardPass(
            lengths: lengths, rotary: rotary.tables(count: lengths.max() ?? 0), cache: nil, dropout: nil)
        let attention = layers[index].attention
        return attention.output(attention.mix(x_NC, pass, layer: index))
    }

    private func forward(
        _ line: TokenLine, at places_P: Tensor? = nil, cache: KVCache.Rows?, dropout: Dropout? = nil
    ) -> Tensor {
        let pass = pass(line.lengths, cache: cache, dropout: dropout)
        return run(embed(line, pass), through: layers.indices, pass, at: places_P).normalized(by: norm).normalized
    }

    /// What is the same for all layers of a pass over sequences of these lengths.
    func pass(_ lengths: [Int], cache: KVCache.Rows? = nil, dropout: Dropout? = nil) -> ForwardPass {
        let longest = zip(lengths, cache?.pastCounts ?? lengths.map { _ in 0 }).map(+).max() ?? 0
        return ForwardPass(lengths: lengths, rotary: rotary.tables(count: longest), cache: cache, dropout: dropout)
    }

    func embed(_ line: TokenLine, _ pass: ForwardPass) -> Tensor { embedding(line.ids_N).thinned(by: pass.dropout) }

    /// `[N, C]` through some of the layers, without the norm behind the last; the last of them computes the places that
    /// are asked for alone.
    func run(
        _ x_NC: Tensor, through range: Range<Int>, _ pass: ForwardPass, at places_P: Tensor? = nil
    ) -> ResidualStream {
        var stream = ResidualStream(x_NC: x_NC)
        for i in range { stream = layers[i](stream, pass, layer: i, at: i == range.upperBound - 1 ? places_P : nil) }
        return stream
    }
}
