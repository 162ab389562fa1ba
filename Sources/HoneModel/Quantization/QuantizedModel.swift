internal import Foundation
import HoneTensor

/// A model whose matrices have fewer bits than they were trained in, as its directory keeps them: `config.json` with a
/// ``QuantizationRecord`` and one `model.safetensors`.
///
/// The file names matrices by the paths of ``PrecisionPlan`` and `model.embed_tokens`, so that projections that are
/// computed as one are kept as one. Of each there is
/// - `PATH.weight`: F32 or BF16 `[outputs, inputs]`; I8 likewise; or U8 `[outputs, inputs / 2]`, two numbers of 4 bits
///   in a byte, an even input's in the low half, each 8 more than it is;
/// - `PATH.scales`, BF16, of whole numbers: `[outputs]`, or `[outputs, groups of 64 inputs]` for 4 bits;
/// - `PATH.bias`, F32, where the layer has one.
///
/// Norms are F32 under their own names. Where the embedding serves as the output layer there is no `lm_head`.
public struct QuantizedModel {
    public let configuration: ModelConfiguration
    let record: QuantizationRecord
    /// By their paths, the embedding's with them.
    let matrices: [String: StoredMatrix]
    /// Norms and biases, float32, by their names in the file.
    let vectors: [String: Tensor]

    static let embeddingPath = "model.embed_tokens"

    init(
        _ configuration: ModelConfiguration, _ record: QuantizationRecord, matrices: [String: StoredMatrix],
        vectors: [String: Tensor]
    ) {
        var configuration = configuration
        configuration.quantization = record
        self.configuration = configuration
        self.record = record
        self.matrices = matrices
        self.vectors = vectors
    }

    /// Bytes of a file's tensors.
    public var byteCount: Int {
        let ofMatrices = matrices.values.flatMap(\.tensors.values)
        return (ofMatrices + vectors.values).reduce(0) { $0 + $1.count * $1.dtype.byteCount }
    }

    /// Writes `config.json` and `model.safetensors`; the directory is made if it is missing.
    public func save(directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try configuration.write(directory: directory)
        var tensors = vectors
        for (path, matrix) in matrices {
            for (ending, tensor) in matrix.tensors { tensors[path + ending] = tensor }
        }
        try Safetensors.write(tensors, metadata: ["format": "hone"], to: directory + "/model.safetensors")
    }

    /// A model that answers in the bits that its matrices have; it cannot be trained.
    public var served: CausalLanguageModel {
        var paths = configuration.matrixShapes.map { $0.path }[...]
        var made = CausalLanguageModel(configuration, device: .cpu) { inputSize, outputSize, _ in
            guard let path = paths.popFirst(), let matrix = matrices[path] else {
                preconditionFailure("a network with other matrices than its configuration names")
            }
            if path == Self.embeddingPath { return Linear(weight: matrix.dequantized) }
            // What only has a shape takes no memory.
            var linear = Linear(weight: Tensor.zeros([1, 1]).expand(outputSize, inputSize))
            linear.packed = matrix.packed(bias: vectors[path + ".bias"], threshold: record.thresholds[path])
            return linear
        }
        if configuration.tiesEmbeddings { made.packedHead = matrices[Self.embeddingPath]?.packed(bias: nil) }
        fillNorms(of: made)
        return made
    }

    /// A model in float32 with the weights that the whole numbers stand for.
    public var dequantized: CausalLanguageModel {
        var plain = configuration
        plain.quantization = nil
        var paths = configuration.matrixShapes.map { $0.path }[...]
        let made = CausalLanguageModel(plain, device: .cpu) { _, _, _ in
            guard let path = paths.popFirst(), let matrix = matrices[path] else {
                preconditionFailure("a network with other matrices than its configuration names")
            }
            return Linear(weight: matrix.dequantized, bias: vectors[path + ".bias"])
        }
        fillNorms(of: made)
        return made
    }

    private func fillNorms(of model: CausalLanguageModel) {
        for parameter in model.namedParameters {
            if let vector = vectors[parameter.name], parameter.name.hasSuffix("norm.weight") {
                _ = noGrad { parameter.tensor.copyInPlace(vector) }
            }
        }
    }
}

extension ModelConfiguration {
    /// Path, outputs and inputs of every matrix in the order in which a network asks for them: the embedding, the
    /// linear layers as they are computed, and the output layer where it is one of its own.
    var matrixShapes: [(path: String, outputs: Int, inputs: Int)] {
        let queries = headCount * headSize
        var shapes = [(QuantizedModel.embeddingPath, vocabularySize, hiddenSize)]
        for layer in 0..<layerCount {
            let path = "model.layers.\(layer)."
            shapes += [
                (path + "self_attn.qkv_proj", queries + 2 * kvHeadCount * headSize, hiddenSize),
                (path + "self_attn.o_proj", hiddenSize, queries),
                (path + "mlp.gate_up_proj", 2 * intermediateSize, hiddenSize),
                (path + "mlp.down_proj", hiddenSize, intermediateSize),
            ]
        }
        if !tiesEmbeddings { shapes.append(("lm_head", vocabularySize, hiddenSize)) }
        return shapes
    }

    /// What a matrix has by a record.
    func precision(of path: String, _ record: QuantizationRecord) -> LayerPrecision {
        guard path == QuantizedModel.embeddingPath else { return record.plan[path] }
        return tiesEmbeddings ? record.plan["lm_head"] : record.embedding
    }

    /// Names and lengths of all norms and biases, where paths of linear layers name the biases.
    var vectorLengths: [String: Int] {
        var lengths = ["model.norm.weight": hiddenSize]
        for layer in 0..<layerCount {
            let path = "model.layers.\(layer)."
            lengths[path + "input_layernorm.weight"] = hiddenSize
            lengths[path + "post_attention_layernorm.weight"] = hiddenSize
            if hasHeadNorms {
                lengths[path + "self_attn.q_norm.weight"] = headSize
                lengths[path + "self_attn.k_norm.weight"] = headSize
            }
            if attentionBias {
                lengths[path + "self_attn.qkv_proj.bias"] = (headCount + 2 * kvHeadCount) * headSize
            }
            if attentionOutputBias { lengths[path + "self_attn.o_proj.bias"] = hiddenSize }
            if feedForwardBias {
                lengths[path + "mlp.gate_up_proj.bias"] = 2 * intermediateSize
                lengths[path + "mlp.down_proj.bias"] = hiddenSize
            }
        }
        return lengths
    }
}
