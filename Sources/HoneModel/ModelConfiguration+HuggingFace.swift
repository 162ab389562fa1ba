/// `config.json` in the form that transformers writes and reads.
extension ModelConfiguration: Codable {
    enum Key: String, CodingKey {
        case architectures
        case attentionBias = "attention_bias"
        case attentionKinds = "attention_kinds"
        case remoteCode = "auto_map"
        case bosTokenID = "bos_token_id"
        case compression = "compression_config"
        case dtype = "dtype"
        case eosTokenID = "eos_token_id"
        case headSize = "head_dim"
        case activation = "hidden_act"
        case hiddenSize = "hidden_size"
        case initializerRange = "initializer_range"
        case intermediateSize = "intermediate_size"
        case isCausal = "is_causal"
        case layerTypes = "layer_types"
        case maxPositionCount = "max_position_embeddings"
        case maxWindowLayers = "max_window_layers"
        case mlpBias = "mlp_bias"
        case modelType = "model_type"
        case network = "network"
        case headCount = "num_attention_heads"
        case layerCount = "num_hidden_layers"
        case kvHeadCount = "num_key_value_heads"
        case originalLength = "original_max_position_embeddings"
        case padTokenID = "pad_token_id"
        case partialRotaryFactor = "partial_rotary_factor"
        case quantization = "quantization_config"
        case rmsNormEps = "rms_norm_eps"
        case ropeParameters = "rope_parameters"
        case ropeScaling = "rope_scaling"
        case ropeTheta = "rope_theta"
        case slidingWindow = "sliding_window"
        case tiesEmbeddings = "tie_word_embeddings"
        case usesSlidingWindow = "use_sliding_window"
        case vocabularySize = "vocab_size"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        var name = try values.decode(String.self, forKey: .modelType)
        if name == Self.ownModelType { name = try values.decode(String.self, forKey: .network) }
        guard let kind = Kind(rawValue: name) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ModelError.configuration(field: "model_type", fault: "is '\(name)'; Hone computes \(known)")
        }
        try Self.refuseUnsupported(values, kind)
        let maxPositionCount = try values.decode(Int.self, forKey: .maxPositionCount)
        let layerCount = try values.decode(Int.self, forKey: .layerCount)
        let rope = try RopeParameters(of: values, maxPositionCount: maxPositionCount)
        let attentionBias = try values.decodeIfPresent(Bool.self, forKey: .attentionBias) ?? false
        // Of the older Qwen3 files some leave the size out, which is not that of the hidden state's share.
        let headSize = try values.decodeIfPresent(Int.self, forKey: .headSize) ?? (kind == .qwen3 ? 128 : nil)
        self.init(
            kind: kind,
            vocabularySize: try values.decode(Int.self, forKey: .vocabularySize),
            hiddenSize: try values.decode(Int.self, forKey: .hiddenSize),
            intermediateSize: try values.decode(Int.self, forKey: .intermediateSize),
            layerCount: layerCount,
            headCount: try values.decode(Int.self, forKey: .headCount),
            kvHeadCount: try values.decodeIfPresent(Int.self, forKey: .kvHeadCount),
            headSize: headSize,
            maxPositionCount: maxPositionCount,
            rmsNormEps: try values.decodeIfPresent(Double.self, forKey: .rmsNormEps) ?? 1e-6,
            ropeTheta: rope.theta, ropeScaling: rope.scaling,
            attention: try Self.attention(values, kind, layerCount: layerCount),
            tiesEmbeddings: try values.decodeIfPresent(Bool.self, forKey: .tiesEmbeddings) ?? false,
            // Qwen2 has its biases without a field for them; the others have all four or none.
            attentionBias: kind == .qwen2 ? true : attentionBias,
            attentionOutputBias: kind == .qwen2 ? false : attentionBias,
            feedForwardBias: try kind == .llama && values.decodeIfPresent(Bool.self, forKey: .mlpBias) ?? false,
            initializerRange: try values.decodeIfPresent(Double.self, forKey: .initializerRange) ?? 0.02,
            bosTokenID: try values.decodeIfPresent(Int.self, forKey: .bosTokenID),
            eosTokenIDs: try Self.tokenIDs(values),
            padTokenID: try Self.padTokenID(values))
        quantization = try Self.quantization(values)
        try validate()
    }

    /// Fields that change what a network computes and that Hone does not follow.
    private static func refuseUnsupported(_ values: KeyedDecodingContainer<Key>, _ kind: Kind) throws {
        func isSet(_ key: Key) throws -> Bool { try values.contains(key) && !values.decodeNil(forKey: key) }
        let architectures = try values.decodeIfPresent([String].self, forKey: .architectures) ?? []
        let activation = try values.decodeIfPresent(String.self, forKey: .activation) ?? "silu"
        let rotary = try values.decodeIfPresent(Double.self, forKey: .partialRotaryFactor) ?? 1
        let hasFeedForwardBias = try values.decodeIfPresent(Bool.self, forKey: .mlpBias) ?? false
        let refusals: [(Key, Bool)] = [
            (.architectures, !architectures.isEmpty && !architectures.contains(kind.architecture)),
            (.remoteCode, try isSet(.remoteCode)),
            (.activation, activation != "silu" && activation != "swish"),
            (.isCausal, try values.decodeIfPresent(Bool.self, forKey: .isCausal) == false),
            (.mlpBias, kind != .llama && hasFeedForwardBias),
            (.partialRotaryFactor, rotary != 1),
            (.compression, try isSet(.compression)),
        ]
        if let (key, _) = refusals.first(where: { $0.1 }) {
            throw ModelError.configuration(field: key.rawValue, fault: "has a value that Hone does not compute")
        }
    }

    /// Our own form alone; the others compute something else.
    private static func quantization(_ values: KeyedDecodingContainer<Key>) throws -> QuantizationRecord? {
        guard values.contains(.quantization), try !values.decodeNil(forKey: .quantization) else { return nil }
        let method = try values.decode(QuantizationRecord.Method.self, forKey: .quantization)
        guard method.name == QuantizationRecord.method else {
            throw ModelError.configuration(
                field: Key.quantization.rawValue,
                fault: "has a value that Hone does not compute: the method '\(method.name ?? "none")'; "
                    + "import the model in 16 or 32 bits and quantize it by 'hone model quantize'")
        }
        return try values.decode(QuantizationRecord.self, forKey: .quantization)
    }

    /// One kind a layer, or none where all are full.
    private static func attention(
        _ values: KeyedDecodingContainer<Key>, _ kind: Kind, layerCount: Int
    ) throws -> [AttentionKind] {
        let types = try values.decodeIfPresent([String].self, forKey: .layerTypes)
        if let kinds = try values.decodeIfPresent([AttentionKind].self, forKey: .attentionKinds) {
            if types != nil || values.contains(.slidingWindow) {
                throw ModelError.configuration(
                    field: "attention_kinds", fault: "says what 'layer_types' and 'sliding_window' say, too; keep one")
            }
            return kinds
        }
        if let other = types?.first(where: { $0 != "full_attention" && $0 != "sliding_attention" }) {
            throw ModelError.configuration(field: "layer_types", fault: "has '\(other)', which Hone does not compute")
        }
        // Llama's code has no windows whatever its file says.
        let isSliding = try kind != .llama && values.decodeIfPresent(Bool.self, forKey: .usesSlidingWindow) ?? false
        let window = isSliding ? try values.decodeIfPresent(Int.self, forKey: .slidingWindow) : nil
        guard let window else {
            if types?.contains("sliding_attention") == true {
                throw ModelError.configuration(
                    field: "layer_types", fault: "has 'sliding_attention' without a window that the model follows")
            }
            return []
        }
        if let types { return types.map { $0 == "full_attention" ? .full : .sliding(window: window) } }
        let firstSliding = try values.decodeIfPresent(Int.self, forKey: .maxWindowLayers) ?? 28
        guard firstSliding < layerCount, (1...1 << 12).contains(layerCount) else { return [] }
        return (0..<layerCount).map { $0 < firstSliding ? .full : .sliding(window: window) }
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

    /// Some Llama files say -1 for none.
    private static func padTokenID(_ values: KeyedDecodingContainer<Key>) throws -> Int? {
        let id = try values.decodeIfPresent(Int.self, forKey: .padTokenID)
        return id == -1 ? nil : id
    }
}

// Writing.
extension ModelConfiguration {
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        if isHuggingFaceForm {
            try values.encode(kind.rawValue, forKey: .modelType)
            try values.encode([kind.architecture], forKey: .architectures)
        } else {
            // Another program that knows the network alone would compute something else without a word.
            try values.encode(Self.ownModelType, forKey: .modelType)
            try values.encode(kind.rawValue, forKey: .network)
        }
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
        try values.encode(RopeParameters(theta: ropeTheta, scaling: ropeScaling), forKey: .ropeParameters)
        try values.encode(tiesEmbeddings, forKey: .tiesEmbeddings)
        try values.encode(initializerRange, forKey: .initializerRange)
        try values.encodeIfPresent(bosTokenID, forKey: .bosTokenID)
        try values.encodeIfPresent(padTokenID, forKey: .padTokenID)
        if eosTokenIDs.count == 1 {
            try values.encode(eosTokenIDs[0], forKey: .eosTokenID)
        } else if !eosTokenIDs.isEmpty {
            try values.encode(eosTokenIDs, forKey: .eosTokenID)
        }
        if kind != .qwen2, attentionBias { try values.encode(true, forKey: .attentionBias) }
        if feedForwardBias { try values.encode(true, forKey: .mlpBias) }
        try values.encodeIfPresent(quantization, forKey: .quantization)
        guard isHuggingFaceForm else { return try values.encode(attention, forKey: .attentionKinds) }
        guard let window = attention.lazy.compactMap(\.window).first else { return }
        try values.encode(true, forKey: .usesSlidingWindow)
        try values.encode(window, forKey: .slidingWindow)
        try values.encode(
            attention.map { $0 == .full ? "full_attention" : "sliding_attention" }, forKey: .layerTypes)
    }
}

extension ModelConfiguration {
    /// The `model_type` of networks that only Hone computes.
    static var ownModelType: String { "hone" }

    /// Whether transformers computes this network: it has sliding layers in Qwen's networks alone, all with one window,
    /// and no hierarchical ones.
    public var isHuggingFaceForm: Bool {
        let others = Set(attention).subtracting([.full])
        guard let only = others.first else { return true }
        guard case .sliding = only else { return false }
        return others.count == 1 && kind != .llama
    }
}

extension ModelConfiguration.Kind {
    /// The class that computes it in transformers.
    fileprivate var architecture: String {
        switch self {
        case .llama: "LlamaForCausalLM"
        case .qwen2: "Qwen2ForCausalLM"
        case .qwen3: "Qwen3ForCausalLM"
        }
    }
}
