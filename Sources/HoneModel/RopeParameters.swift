/// What `config.json` says about rotary positions, in transformers' new form (`rope_parameters`) and its older one
/// (`rope_theta` and `rope_scaling`), which wins where a file has both.
struct RopeParameters: Encodable {
    var theta = 10000.0
    var scaling: RopeScaling?

    enum Key: String, CodingKey, CaseIterable {
        case attentionFactor = "attention_factor"
        case betaFast = "beta_fast"
        case betaSlow = "beta_slow"
        case factor
        case highFrequencyFactor = "high_freq_factor"
        case lowFrequencyFactor = "low_freq_factor"
        case mscale
        case mscaleAllDimensions = "mscale_all_dim"
        case originalLength = "original_max_position_embeddings"
        case partialRotaryFactor = "partial_rotary_factor"
        case theta = "rope_theta"
        case ropeType = "rope_type"
        case truncate
        /// The older name of `rope_type`.
        case type
    }

    init(theta: Double, scaling: RopeScaling?) {
        self.theta = theta
        self.scaling = scaling
    }

    init(of values: KeyedDecodingContainer<ModelConfiguration.Key>, maxPositionCount: Int) throws {
        let outer = try values.decodeIfPresent(Double.self, forKey: .originalLength)
        if let outer = try values.decodeIfPresent(Double.self, forKey: .ropeTheta) { theta = outer }
        for key in [ModelConfiguration.Key.ropeScaling, .ropeParameters] {
            guard values.contains(key), try !values.decodeNil(forKey: key) else { continue }
            try Self.refuseUnknown(values.nestedContainer(keyedBy: AnyKey.self, forKey: key), in: key.rawValue)
            let rope = try values.nestedContainer(keyedBy: Key.self, forKey: key)
            if let inner = try rope.decodeIfPresent(Double.self, forKey: .theta) { theta = inner }
            scaling = try Self.scaling(rope, originalLength: outer, maxPositionCount: Double(maxPositionCount))
            break
        }
    }

    private static func refuseUnknown(_ rope: KeyedDecodingContainer<AnyKey>, in field: String) throws {
        let known = Set(Key.allCases.map(\.rawValue))
        if let key = rope.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) {
            throw ModelError.configuration(field: "\(field).\(key)", fault: "is not followed by Hone")
        }
    }

    private static func scaling(
        _ rope: KeyedDecodingContainer<Key>, originalLength outer: Double?, maxPositionCount: Double
    ) throws -> RopeScaling? {
        if let share = try rope.decodeIfPresent(Double.self, forKey: .partialRotaryFactor), share != 1 {
            throw ModelError.configuration(field: "partial_rotary_factor", fault: "is \(share); Hone turns whole heads")
        }
        let type =
            try rope.decodeIfPresent(String.self, forKey: .ropeType) ?? rope.decodeIfPresent(
                String.self, forKey: .type) ?? "default"
        let length = try outer ?? rope.decodeIfPresent(Double.self, forKey: .originalLength) ?? maxPositionCount
        switch type {
        case "default":
            return nil
        case "linear":
            return .linear(factor: try rope.decode(Double.self, forKey: .factor))
        case "llama3":
            return .llama3(
                factor: try rope.decode(Double.self, forKey: .factor),
                lowFrequencyFactor: try rope.decode(Double.self, forKey: .lowFrequencyFactor),
                highFrequencyFactor: try rope.decode(Double.self, forKey: .highFrequencyFactor),
                originalLength: length)
        case "yarn":
            var yarn = RopeScaling.Yarn(
                factor: try rope.decodeIfPresent(Double.self, forKey: .factor) ?? maxPositionCount / length,
                originalLength: length)
            yarn.attentionFactor = try rope.decodeIfPresent(Double.self, forKey: .attentionFactor)
            if let fast = try rope.decodeIfPresent(Double.self, forKey: .betaFast), fast != 0 { yarn.betaFast = fast }
            if let slow = try rope.decodeIfPresent(Double.self, forKey: .betaSlow), slow != 0 { yarn.betaSlow = slow }
            yarn.mscale = try rope.decodeIfPresent(Double.self, forKey: .mscale)
            yarn.mscaleAllDimensions = try rope.decodeIfPresent(Double.self, forKey: .mscaleAllDimensions)
            yarn.truncates = try rope.decodeIfPresent(Bool.self, forKey: .truncate) ?? true
            return .yarn(yarn)
        default:
            throw ModelError.configuration(
                field: "rope_type", fault: "is '\(type)'; Hone computes default, linear, llama3 and yarn")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var rope = encoder.container(keyedBy: Key.self)
        try rope.encode(theta, forKey: .theta)
        switch scaling {
        case nil:
            try rope.encode("default", forKey: .ropeType)
        case .linear(let factor):
            try rope.encode("linear", forKey: .ropeType)
            try rope.encode(factor, forKey: .factor)
        case .llama3(let factor, let low, let high, let length):
            try rope.encode("llama3", forKey: .ropeType)
            try rope.encode(factor, forKey: .factor)
            try rope.encode(low, forKey: .lowFrequencyFactor)
            try rope.encode(high, forKey: .highFrequencyFactor)
            try rope.encode(length, forKey: .originalLength)
        case .yarn(let yarn):
            try rope.encode("yarn", forKey: .ropeType)
            try rope.encode(yarn.factor, forKey: .factor)
            try rope.encode(yarn.originalLength, forKey: .originalLength)
            try rope.encodeIfPresent(yarn.attentionFactor, forKey: .attentionFactor)
            try rope.encode(yarn.betaFast, forKey: .betaFast)
            try rope.encode(yarn.betaSlow, forKey: .betaSlow)
            try rope.encodeIfPresent(yarn.mscale, forKey: .mscale)
            try rope.encodeIfPresent(yarn.mscaleAllDimensions, forKey: .mscaleAllDimensions)
            if !yarn.truncates { try rope.encode(false, forKey: .truncate) }
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
