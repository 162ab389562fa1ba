/// `config.json` in the form that transformers writes and reads.
extension ModelConfiguration: Codable {
    private enum Key: String, CodingKey {
        case architectures
        case attentionBias = "attention_bias"
        case bosTokenID = "bos_token_id"
        case dtype = "dtype"
        case eosTokenID = "eos_token_id"
        case headSize = "head_dim"
        case activation = "hidden_act"
        case hiddenSize = "hidden_size"
        case initializerRange = "initializer_range"
        case intermediateSize = "intermediate_size"
        case layerTypes = "layer_types"
        case maxPositionCount = "max_position_embeddings"
        case mlpBias = "mlp_bias"
        case modelType = "model_type"
        case headCount = "num_attention_heads"
        case layerCount = "num_hidden_layers"
        case kvHeadCount = "num_key_value_heads"
        case padTokenID = "pad_token_id"
        case partialRotaryFactor = "partial_rotary_factor"
        case quantization = "quantization_config"
        case rmsNormEps = "rms_norm_eps"
        case ropeParameters = "rope_parameters"
        case ropeScaling = "rope_scaling"
        case ropeTheta = "rope_theta"
        case tiesEmbeddings = "tie_word_embeddings"
        case usesSlidingWindow = "use_sliding_window"
        case vocabularySize = "vocab_size"
    }

    private struct Rope: Codable {
        var ropeTheta: Double?
        var ropeType: String?
        /// The older name of `rope_type`.
        var type: String?

        enum CodingKeys: String, CodingKey {
            case ropeTheta = "rope_theta"
            case ropeType = "rope_type"
            case type
        }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let name = try values.decode(String.self, forKey: .modelType)
        guard let kind = Kind(rawValue: name) else {
            throw ModelError.configuration(field: "model_type", fault: "is '\(name)'; Hone computes llama and qwen2")
        }
        try Self.refuseUnsupported(values, kind)
        let ropes = try [Key.ropeParameters, .ropeScaling].compactMap {
            try values.decodeIfPresent(Rope.self, forKey: $0)
        }
        if let type = ropes.lazy.compactMap({ $0.ropeType ?? $0.type }).first(where: { $0 != "default" }) {
            throw ModelError.configuration(field: "rope_type", fault: "is '\(type)'; Hone computes 'default'")
        }
        self.init(
            kind: kind,
            vocabularySize: try values.decode(Int.self, forKey: .vocabularySize),
            hiddenSize: try values.decode(Int.self, forKey: .hiddenSize),
            intermediateSize: try values.decode(Int.self, forKey: .intermediateSize),
            layerCount: try values.decode(Int.self, forKey: .layerCount),
            headCount: try values.decode(Int.self, forKey: .headCount),
            kvHeadCount: try values.decodeIfPresent(Int.self, forKey: .kvHeadCount),
            headSize: try values.decodeIfPresent(Int.self, forKey: .headSize),
            maxPositionCount: try values.decode(Int.self, forKey: .maxPositionCount),
            rmsNormEps: try values.decodeIfPresent(Double.self, forKey: .rmsNormEps) ?? 1e-6,
            ropeTheta: try ropes.lazy.compactMap(\.ropeTheta).first ?? values.decodeIfPresent(
                Double.self, forKey: .ropeTheta) ?? 10000,
            tiesEmbeddings: try values.decodeIfPresent(Bool.self, forKey: .tiesEmbeddings) ?? false,
            initializerRange: try values.decodeIfPresent(Double.self, forKey: .initializerRange) ?? 0.02,
            bosTokenID: try values.decodeIfPresent(Int.self, forKey: .bosTokenID),
            eosTokenIDs: try Self.tokenIDs(values),
            padTokenID: try values.decodeIfPresent(Int.self, forKey: .padTokenID))
        try validate()
    }

    /// Fields that change what a network computes, with the value that Hone computes.
    private static func refuseUnsupported(_ values: KeyedDecodingContainer<Key>, _ kind: Kind) throws {
        let activation = try values.decodeIfPresent(String.self, forKey: .activation) ?? "silu"
        let rotary = try values.decodeIfPresent(Double.self, forKey: .partialRotaryFactor) ?? 1
        let layerTypes = try values.decodeIfPresent([String].self, forKey: .layerTypes) ?? []
        // Llama's attention_bias adds one to the output projection too; Qwen2 has no such field.
        let hasOutputBias = try kind == .llama && values.decodeIfPresent(Bool.self, forKey: .attentionBias) ?? false
        let refusals: [(Key, Bool)] = [
            (.activation, activation != "silu"),
            (.attentionBias, hasOutputBias),
            (.mlpBias, try values.decodeIfPresent(Bool.self, forKey: .mlpBias) ?? false),
            (.usesSlidingWindow, try values.decodeIfPresent(Bool.self, forKey: .usesSlidingWindow) ?? false),
            (.layerTypes, layerTypes.contains { $0 != "full_attention" }),
            (.partialRotaryFactor, rotary != 1),
            (.quantization, try values.contains(.quantization) && !values.decodeNil(forKey: .quantization)),
        ]
        if let (key, _) = refusals.first(where: { $0.1 }) {
            throw ModelError.configuration(field: key.rawValue, fault: "has a value that Hone does not compute")
        }
    }

    /// One id, several, or none.
    private static func tokenIDs(_ values: KeyedDecodingContainer<Key>) throws -> [Int] {
        guard values.contains(.eosTokenID), try !values.decodeNil(forKey: .eosTokenID) else { return [] }
        do {
            return [try values.decode(Int.self, forKey: .eosTokenID)]
        } catch DecodingError.typeMismatch {
            return try values.decode([Int].self, forKey: .eosTokenID)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(kind.rawValue, forKey: .modelType)
        try values.encode([kind == .llama ? "LlamaForCausalLM" : "Qwen2ForCausalLM"], forKey: .architectures)
        try values.encode("silu", forKey: .activation)
        try values.encode("float32", forKey: .dtype)
        try values.encode(vocabularySize, forKey: .vocabularySize)
        try values.encode(hiddenSize, forKey: .hiddenSize)
        try values.encode(intermediateSize, forKey: .intermediateSize)
        try values.encode(layerCount, forKey: .layerCount)
        try values.encode(headCount, forKey: .headCount)
        try values.encode(kvHeadCount, forKey: .kvHeadCount)
        try values.encode(headSize, forKey: .headSize)
        try values.encode(maxPositionCount, forKey: .maxPositionCount)
        try values.encode(rmsNormEps, forKey: .rmsNormEps)
        try values.encode(ropeTheta, forKey: .ropeTheta)
        try values.encode(Rope(ropeTheta: ropeTheta, ropeType: "default"), forKey: .ropeParameters)
        try values.encode(tiesEmbeddings, forKey: .tiesEmbeddings)
        try values.encode(initializerRange, forKey: .initializerRange)
        try values.encodeIfPresent(bosTokenID, forKey: .bosTokenID)
        try values.encodeIfPresent(padTokenID, forKey: .padTokenID)
        if eosTokenIDs.count == 1 {
            try values.encode(eosTokenIDs[0], forKey: .eosTokenID)
        } else if !eosTokenIDs.isEmpty {
            try values.encode(eosTokenIDs, forKey: .eosTokenID)
        }
    }
}
