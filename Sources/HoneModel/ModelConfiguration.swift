/// The shape of a decoder-only transformer, as Hugging Face's `config.json` describes it.
public struct ModelConfiguration: Hashable, Sendable {
    /// The layouts that Hone computes; all are the same network with other defaults.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case llama
        case qwen2
        case qwen3
    }

    public var kind: Kind
    public var vocabularySize: Int
    public var hiddenSize: Int
    public var intermediateSize: Int
    public var layerCount: Int
    public var headCount: Int
    /// Heads of keys and values; each serves `headCount / kvHeadCount` heads of queries.
    public var kvHeadCount: Int
    public var headSize: Int
    public var maxPositionCount: Int
    public var rmsNormEps: Double
    public var ropeTheta: Double
    public var ropeScaling: RopeScaling?
    /// What each layer looks at; left empty, every layer is full.
    public var attention: [AttentionKind]
    /// Whether the output layer is the embedding's matrix.
    public var tiesEmbeddings: Bool
    /// Biases of the query, key and value projections.
    public var attentionBias: Bool
    /// A bias of the projection behind the attention.
    public var attentionOutputBias: Bool
    /// Biases of the feed-forward block's projections.
    public var feedForwardBias: Bool
    /// Standard deviation of fresh weights.
    public var initializerRange: Double
    public var bosTokenID: Int?
    public var eosTokenIDs: [Int]
    public var padTokenID: Int?
    /// How the weights are kept, where they are in fewer bits than they were trained in.
    public var quantization: QuantizationRecord?

    /// Left out, `kvHeadCount` is `headCount`, `headSize` is `hiddenSize / headCount`, and Qwen2 alone
    /// has biases.
    public init(
        kind: Kind = .llama, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int,
        headCount: Int, kvHeadCount: Int? = nil, headSize: Int? = nil, maxPositionCount: Int,
        rmsNormEps: Double = 1e-5, ropeTheta: Double = 10000, ropeScaling: RopeScaling? = nil,
        attention: [AttentionKind] = [], tiesEmbeddings: Bool = true, attentionBias: Bool? = nil,
        attentionOutputBias: Bool = false, feedForwardBias: Bool = false, initializerRange: Double = 0.02,
        bosTokenID: Int? = nil, eosTokenIDs: [Int] = [], padTokenID: Int? = nil
    ) {
        self.kind = kind
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.intermediateSize = intermediateSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.kvHeadCount = kvHeadCount ?? headCount
        self.headSize = headSize ?? (headCount > 0 ? hiddenSize / headCount : 0)
        self.maxPositionCount = maxPositionCount
        self.rmsNormEps = rmsNormEps
        self.ropeTheta = ropeTheta
        self.ropeScaling = ropeScaling
        self.attention = attention
        self.tiesEmbeddings = tiesEmbeddings
        self.attentionBias = attentionBias ?? (kind == .qwen2)
        self.attentionOutputBias = attentionOutputBias
        self.feedForwardBias = feedForwardBias
        self.initializerRange = initializerRange
        self.bosTokenID = bosTokenID
        self.eosTokenIDs = eosTokenIDs
        self.padTokenID = padTokenID
    }

    /// Whether queries and keys are normalized head by head.
    public var hasHeadNorms: Bool { kind == .qwen3 }

    public func attentionKind(ofLayer layer: Int) -> AttentionKind { attention.isEmpty ? .full : attention[layer] }

    /// Number of trained numbers.
    public var parameterCount: Int {
        let attention = hiddenSize * headSize * (2 * headCount + 2 * kvHeadCount)
        let biases =
            (attentionBias ? headSize * (headCount + 2 * kvHeadCount) : 0) + (attentionOutputBias ? hiddenSize : 0)
            + (feedForwardBias ? 2 * intermediateSize + hiddenSize : 0)
        let norms = 2 * hiddenSize + (hasHeadNorms ? 2 * headSize : 0)
        let layer = attention + biases + 3 * hiddenSize * intermediateSize + norms
        let branches = (0..<layerCount).flatMap(blockBranchShapes).reduce(0) { $0 + $1.shape.reduce(1, *) }
        return (tiesEmbeddings ? 1 : 2) * vocabularySize * hiddenSize + layerCount * layer + branches + hiddenSize
    }

    /// Checks that the numbers describe a network, and one of a size that a machine could hold.
    public func validate() throws(ModelError) {
        let sizes = [
            ("vocab_size", vocabularySize, 1 << 20), ("hidden_size", hiddenSize, 1 << 20),
            ("intermediate_size", intermediateSize, 1 << 20), ("num_hidden_layers", layerCount, 1 << 12),
            ("num_attention_heads", headCount, 1 << 12), ("num_key_value_heads", kvHeadCount, 1 << 12),
            ("head_dim", headSize, 1 << 12), ("max_position_embeddings", maxPositionCount, 1 << 24),
        ]
        for (field, size, limit) in sizes where !(1...limit).contains(size) {
            throw .configuration(field: field, fault: "is \(size), not a number from 1 to \(limit)")
        }
        guard headCount.isMultiple(of: kvHeadCount) else {
            throw .configuration(
                field: "num_key_value_heads", fault: "is \(kvHeadCount), which does not divide \(headCount) heads")
        }
        guard headSize.isMultiple(of: 2) else {
            throw .configuration(field: "head_dim", fault: "is \(headSize), rotary positions need an even number")
        }
        guard rmsNormEps >= 0, rmsNormEps.isFinite else {
            throw .configuration(field: "rms_norm_eps", fault: "is \(rmsNormEps)")
        }
        guard ropeTheta > 0, ropeTheta.isFinite else {
            throw .configuration(field: "rope_theta", fault: "is \(ropeTheta)")
        }
        try ropeScaling?.validate()
        guard attention.isEmpty || attention.count == layerCount else {
            throw .configuration(
                field: isHuggingFaceForm ? "layer_types" : "attention_kinds",
                fault: "has \(attention.count) entries for \(layerCount) layers")
        }
        for kind in attention { try kind.validate() }
        for id in eosTokenIDs + [bosTokenID, padTokenID].compactMap(\.self) where !(0..<vocabularySize).contains(id) {
            throw .configuration(field: "eos/bos/pad_token_id", fault: "is \(id), outside the vocabulary")
        }
    }
}
