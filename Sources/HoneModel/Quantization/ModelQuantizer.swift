public import HoneTensor

/// Puts a model's matrices into fewer bits, by what its layers read on some sequences.
public struct ModelQuantizer {
    /// What is asked for.
    public enum Target: String, Sendable, CaseIterable, Codable {
        /// 8 bits everywhere.
        case int8
        /// 4 bits in the layers, 8 in the embedding and the output layer.
        case int4
        /// Of each matrix what moves the answers least within a number of bytes.
        case mixed
        /// 16 bits everywhere.
        case bf16
    }

    /// What is done beside rounding to the nearest.
    public struct Methods: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        /// See ``Smoothing``.
        public static let smoothing = Methods(rawValue: 1)
        /// See ``CompensatedRounding``.
        public static let compensation = Methods(rawValue: 2)
        public static let all: Methods = [.smoothing, .compensation]
    }

    private let model: CausalLanguageModel
    private let methods: Methods
    private let sequences: [[Int32]]
    private let calibration: QuantizationRecord.Calibration
    private let smoothing: [String: Smoothing]

    /// Finds what makes the activations smoother, and folds it into a copy of the model.
    ///
    /// - Parameters:
    ///   - model: on the CPU, without adapters; it stays as it is
    ///   - sequences: what layers are looked at on, a few thousand tokens; without any nothing is smoothed or made up
    ///     for
    ///   - calibration: what is recorded of the sequences
    ///   - methods: what is done where there are sequences
    ///   - onLayer: called for every layer; an error that it throws ends the work
    /// - Throws: what `onLayer` does, and `ModelError` where the model cannot be copied.
    public init(
        _ model: CausalLanguageModel, sequences: [[Int32]], calibration: QuantizationRecord.Calibration,
        methods: Methods = .all, onLayer: (String) throws -> Void = { _ in }
    ) throws {
        let copy = try model.copy()
        let configuration = model.configuration
        self.calibration = calibration
        self.sequences = sequences
        self.methods = sequences.isEmpty ? [] : methods
        self.model = copy
        guard self.methods.contains(.smoothing) else {
            smoothing = [:]
            return
        }
        var found: [String: Smoothing] = [:]
        try noGrad {
            _ = try copy.replacingLinears(on: sequences) { path, input, linear in
                try onLayer(path)
                // The embedding's columns belong to what is before the first layer too.
                if path == "lm_head", configuration.tiesEmbeddings { return linear }
                let shared = path.hasSuffix("o_proj") ? configuration.sharedHeads : nil
                found[path] = Smoothing(input, linear.weight, .int8, shared: shared)
                return linear
            }
        }
        smoothing = found
        copy.fold(found)
    }

    /// What every matrix costs in each precision; see ``LayerSensitivity``.
    ///
    /// - Parameters:
    ///   - tokenLimit: at most so many tokens are looked at
    ///   - onLayer: called for every layer; an error that it throws ends the work
    /// - Returns: one for each layer and precision.
    /// - Throws: what `onLayer` does.
    public func sensitivities(
        tokenLimit: Int, onLayer: (String) throws -> Void = { _ in }
    ) throws -> [LayerSensitivity] {
        var (line, count) = ([[Int32]](), 0)
        for sequence in sequences where line.isEmpty || count + sequence.count <= tokenLimit {
            line.append(sequence)
            count += sequence.count
        }
        let tokens = TokenLine(line)
        return try noGrad {
            let exact = model.logits(model.hiddenStates(tokens)).logSoftmax(dim: -1)
            let shares = exact.exp()
            return try model.configuration.plannedShapes.map { path, outputs, inputs in
                try onLayer(path)
                let weight = model.weight(path)
                let options = LayerPrecision.allCases.map { precision in
                    var divergence = 0.0
                    if precision != .float32 {
                        let changed = model.with(path, StoredMatrix(nearest: weight, precision))
                        let found = changed.logits(changed.hiddenStates(tokens)).logSoftmax(dim: -1)
                        divergence = (shares * (exact - found)).sum().item() / Double(exact.size(0))
                    }
                    return LayerSensitivity.Option(
                        precision: precision,
                        byteCount: StoredMatrix.byteCount(precision, outputs: outputs, inputs: inputs),
                        divergence: max(0, divergence))
                }
                return LayerSensitivity(path: path, options: options)
            }
        }
    }

    /// The model with every matrix in its plan's precision.
    ///
    /// - Parameters:
    ///   - plan: of the linear layers
    ///   - embedding: of the embedding, where it is not the output layer too
    ///   - sparsity: this share of every layer's inputs, those nearest to 0 in the sequences, count as 0, where its
    ///     weights have 8 bits; the output layer reads all of them
    ///   - cache: how keys and values are to be kept where the model is served
    ///   - onLayer: called for every layer; an error that it throws ends the work
    /// - Returns: the matrices, and how they came to be.
    /// - Throws: what `onLayer` does.
    public func quantized(
        _ plan: PrecisionPlan, embedding: LayerPrecision, sparsity: Double = 0,
        cache: KeyValuePages.Entry = .float32, onLayer: (String) throws -> Void = { _ in }
    ) throws -> QuantizedModel {
        var record = QuantizationRecord(
            plan: plan, embedding: embedding, smoothing: smoothing.mapValues(\.strength),
            compensates: methods.contains(.compensation), calibration: calibration)
        record.cache = cache
        let rows = StoredMatrix(
            nearest: model.embedding.weight, model.configuration.precision(of: QuantizedModel.embeddingPath, record))
        var matrices = [QuantizedModel.embeddingPath: rows]
        var vectors: [String: Tensor] = [:]
        try noGrad {
            // What is rounded later is looked at on what was rounded before.
            var start = model
            start.embedding = Embedding(weight: rows.dequantized)
            _ = try start.replacingLinears(on: sequences.isEmpty ? [[0]] : sequences) { path, input, linear in
                try onLayer(path)
                var packed = linear
                if path == "lm_head", model.configuration.tiesEmbeddings { return packed }
                let matrix = rounded(linear.weight, plan[path], input)
                matrices[path] = matrix
                if sparsity > 0, matrix.precision == .int8, path != "lm_head" {
                    record.thresholds[path] = Self.threshold(input, share: sparsity)
                }
                if let bias = linear.bias { vectors[path + ".bias"] = bias.detach().clone() }
                packed.packed = matrix.packed(bias: linear.bias, threshold: record.thresholds[path])
                return packed
            }
        }
        for parameter in model.namedParameters where parameter.name.hasSuffix("norm.weight") {
            vectors[parameter.name] = parameter.tensor.detach().clone()
        }
        return QuantizedModel(model.configuration, record, matrices: matrices, vectors: vectors)
    }

    /// Below which magnitude a share of the numbers lies.
    private static func threshold(_ input: Tensor, share: Double) -> Float {
        let sorted = input.abs().reshape(-1).sort(dim: 0).values
        return sorted.select(0, min(sorted.count - 1, Int(share * Double(sorted.count)))).item(Float.self)
    }

    private func rounded(_ weight: Tensor, _ precision: LayerPrecision, _ input: Tensor) -> StoredMatrix {
        guard methods.contains(.compensation) else { return StoredMatrix(nearest: weight, precision) }
        switch precision {
        case .float32, .bfloat16: return StoredMatrix(nearest: weight, precision)
        case .int8: return .whole(CompensatedRounding(input).round(weight, .int8))
        case .int4: return .whole(CompensatedRounding(input).round(weight, .int4))
        }
    }
}

extension ModelQuantizer.Target {
    /// The plan of all targets but ``mixed``, whose plan is chosen.
    public var plan: (linears: PrecisionPlan, embedding: LayerPrecision)? {
        switch self {
        case .int8: (PrecisionPlan(.int8), .int8)
        case .int4: (PrecisionPlan(.int4, exceptions: ["lm_head": .int8]), .int8)
        case .bf16: (PrecisionPlan(.bfloat16), .bfloat16)
        case .mixed: nil
        }
    }
}

extension PrecisionPlan {
    /// The plan of precisions as ``PrecisionPlanner`` chose them, with the embedding's.
    public static func chosen(
        _ precisions: [LayerPrecision], for layers: [LayerSensitivity]
    ) -> (linears: PrecisionPlan, embedding: LayerPrecision) {
        var byPath = Dictionary(uniqueKeysWithValues: zip(layers.map(\.path), precisions))
        let embedding = byPath.removeValue(forKey: QuantizedModel.embeddingPath)
        // What most layers have goes without saying.
        let counts = Dictionary(grouping: byPath.values) { $0 }.mapValues(\.count)
        let standard = counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key ?? .int8
        return (
            PrecisionPlan(standard, exceptions: byPath.filter { $0.value != standard }),
            embedding ?? byPath["lm_head"] ?? standard
        )
    }
}

extension ModelConfiguration {
    /// The matrices that a plan decides on; an embedding that is the output layer goes by the latter's path.
    var plannedShapes: [(path: String, outputs: Int, inputs: Int)] {
        guard tiesEmbeddings else { return matrixShapes }
        return Array(matrixShapes.dropFirst()) + [("lm_head", vocabularySize, hiddenSize)]
    }

    /// Heads that have their values in common: `[heads of values, heads of queries for each, head size]`.
    fileprivate var sharedHeads: [Int] { [kvHeadCount, headCount / kvHeadCount, headSize] }

    /// Bytes of a file's tensors in 32 bits.
    public var fullByteCount: Int { 4 * parameterCount }

    /// Bytes of what no plan decides on: norms and biases.
    public var fixedByteCount: Int { 4 * vectorLengths.values.reduce(0, +) }
}
