public import HoneTensor

/// The precision of every linear layer of a model.
///
/// Layers are named by their paths as they are computed: `model.layers.0.self_attn.qkv_proj`, `….self_attn.o_proj`,
/// `….mlp.gate_up_proj`, `….mlp.down_proj` and `lm_head`, which names the output layer also where the embedding serves
/// as one.
public struct PrecisionPlan: Hashable, Sendable {
    /// What layers have that are not named.
    public var standard: LayerPrecision
    /// What single layers have, by their paths.
    public var exceptions: [String: LayerPrecision]

    public init(_ standard: LayerPrecision, exceptions: [String: LayerPrecision] = [:]) {
        self.standard = standard
        self.exceptions = exceptions
    }

    public subscript(path: String) -> LayerPrecision { exceptions[path] ?? standard }

    /// The paths of all linear layers of a model, in the order in which they are computed.
    public static func paths(of configuration: ModelConfiguration) -> [String] {
        let inLayer = ["self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"]
        return (0..<configuration.layerCount).flatMap { layer in inLayer.map { "model.layers.\(layer).\($0)" } }
            + ["lm_head"]
    }

    /// Feed-forward blocks in 4 bits, everything else in 8.
    public static func mixed(_ configuration: ModelConfiguration) -> PrecisionPlan {
        let feedForward = paths(of: configuration).filter { $0.contains(".mlp.") }
        return PrecisionPlan(.int8, exceptions: Dictionary(uniqueKeysWithValues: feedForward.map { ($0, .int4) }))
    }
}
