public import HoneTensor

/// How a model in fewer bits was made, as its `config.json` keeps it under `quantization_config`.
public struct QuantizationRecord: Hashable, Sendable {
    /// What `quant_method` says.
    public static let method = "hone"
    /// The version of the layout of the weights' file that is written and read.
    static let version = 1

    public var plan: PrecisionPlan
    /// Of the embedding's rows; where they serve as the output layer too, both have the output layer's.
    public var embedding: LayerPrecision
    /// The linear layers whose inputs were made smoother (``Smoothing``), by their paths, and how strongly.
    public var smoothing: [String: Double]
    /// Whether rounding errors were made up for in the weights that were still to be rounded (``CompensatedRounding``).
    public var compensates: Bool
    /// Inputs of linear layers nearer to 0 than this count as 0 and are not read, by the layers' paths.
    public var thresholds: [String: Float] = [:]
    /// How keys and values are kept where the model is served.
    public var cache = KeyValuePages.Entry.float32
    public var calibration: Calibration?

    /// What was looked at while it was made.
    public struct Calibration: Hashable, Sendable, Codable {
        public var sequenceCount: Int
        public var tokenCount: Int
        /// Where they came from, in words.
        public var source: String?

        enum CodingKeys: String, CodingKey {
            case source
            case sequenceCount = "sequences"
            case tokenCount = "tokens"
        }

        public init(sequenceCount: Int, tokenCount: Int, source: String? = nil) {
            self.sequenceCount = sequenceCount
            self.tokenCount = tokenCount
            self.source = source
        }
    }

    public init(
        plan: PrecisionPlan, embedding: LayerPrecision, smoothing: [String: Double] = [:], compensates: Bool = false,
        calibration: Calibration? = nil
    ) {
        self.plan = plan
        self.embedding = embedding
        self.smoothing = smoothing
        self.compensates = compensates
        self.calibration = calibration
    }
}

extension QuantizationRecord: Codable {
    enum Key: String, CodingKey {
        case method = "quant_method"
        case version
        case groupSize = "group_size"
        case standard = "precision"
        case exceptions = "exceptions"
        case embedding, smoothing, compensates, thresholds, cache, calibration
    }

    /// What alone is read of a record that may be another program's.
    struct Method: Decodable {
        let name: String?

        enum CodingKeys: String, CodingKey {
            case name = "quant_method"
        }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let version = try values.decode(Int.self, forKey: .version)
        let groupSize = try values.decode(Int.self, forKey: .groupSize)
        guard version == Self.version, groupSize == QuantizedValues.groupSize else {
            throw ModelError.configuration(
                field: "quantization_config",
                fault: "has version \(version) and groups of \(groupSize); this release reads version "
                    + "\(Self.version) and groups of \(QuantizedValues.groupSize)")
        }
        self.init(
            plan: PrecisionPlan(
                try values.decode(LayerPrecision.self, forKey: .standard),
                exceptions: try values.decode([String: LayerPrecision].self, forKey: .exceptions)),
            embedding: try values.decode(LayerPrecision.self, forKey: .embedding),
            smoothing: try values.decode([String: Double].self, forKey: .smoothing),
            compensates: try values.decode(Bool.self, forKey: .compensates),
            calibration: try values.decodeIfPresent(Calibration.self, forKey: .calibration))
        thresholds = try values.decode([String: Float].self, forKey: .thresholds)
        cache = try values.decodeIfPresent(KeyValuePages.Entry.self, forKey: .cache) ?? .float32
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(Self.method, forKey: .method)
        try values.encode(Self.version, forKey: .version)
        try values.encode(QuantizedValues.groupSize, forKey: .groupSize)
        try values.encode(plan.standard, forKey: .standard)
        try values.encode(plan.exceptions, forKey: .exceptions)
        try values.encode(embedding, forKey: .embedding)
        try values.encode(smoothing, forKey: .smoothing)
        try values.encode(compensates, forKey: .compensates)
        try values.encode(thresholds, forKey: .thresholds)
        if cache != .float32 { try values.encode(cache, forKey: .cache) }
        try values.encodeIfPresent(calibration, forKey: .calibration)
    }
}
