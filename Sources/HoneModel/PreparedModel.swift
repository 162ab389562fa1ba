public import HoneTensor

/// A model packed for serving: its step over new tokens of many sequences is one call.
///
/// It holds the weights as they were when it was made. A row's logits have the same bits whatever rows are beside it,
/// with any number of threads, and however its sequence is cut into steps.
public struct PreparedModel: Sendable {
    public let configuration: ModelConfiguration
    public let plan: PrecisionPlan
    /// Bytes of all packed matrices.
    public let byteCount: Int
    private let layers: [PackedNetwork.Layer]
    private let embedding: Tensor
    private let network: PackedNetwork
    private let cos: Tensor
    private let sin: Tensor

    /// Packs a model, but for what it has in fewer bits already; nil for one that the row engine does not compute: on
    /// another device than the CPU, with adapters, or with another kind of attention than full and sliding.
    public init?(_ model: CausalLanguageModel, _ plan: PrecisionPlan = PrecisionPlan(.float32)) {
        guard model.isPreparable else { return nil }
        let configuration = model.configuration
        var byteCount = 0
        func packed(_ linear: Linear, _ path: String) -> PackedMatrix {
            let matrix = linear.packed ?? PackedMatrix(linear.weight, bias: linear.bias, precision: plan[path])
            byteCount += matrix.byteCount
            return matrix
        }
        var tiedHead = Linear(weight: model.embedding.weight)
        tiedHead.packed = model.packedHead
        layers = model.layers.enumerated().map { number, layer in
            let path = "model.layers.\(number)"
            let norms = layer.attention.headNorms
            return PackedNetwork.Layer(
                inputNorm: layer.inputNorm.weight, postNorm: layer.postNorm.weight,
                headNorms: norms.map { ($0.query.weight, $0.key.weight) },
                qkv: packed(layer.attention.qkv, path + ".self_attn.qkv_proj"),
                output: packed(layer.attention.output, path + ".self_attn.o_proj"),
                gateUp: packed(layer.feedForward.gateUp, path + ".mlp.gate_up_proj"),
                down: packed(layer.feedForward.down, path + ".mlp.down_proj"), window: layer.attention.kind.window)
        }
        embedding = model.embedding.weight
        network = PackedNetwork(
            embedding: embedding, layers: layers, norm: model.norm.weight,
            head: packed(model.head ?? tiedHead, "lm_head"),
            heads: configuration.heads, eps: configuration.rmsNormEps)
        let tables = model.rotary.tables(count: configuration.maxPositionCount)
        (cos, sin) = (tables.cos, tables.sin)
        self.configuration = configuration
        self.plan = plan
        self.byteCount = byteCount
    }

    private init(_ other: PreparedModel, network: PackedNetwork) {
        (configuration, plan, byteCount) = (other.configuration, other.plan, other.byteCount)
        (layers, embedding, cos, sin) = (other.layers, other.embedding, other.cos, other.sin)
        self.network = network
    }

    /// Where steps are computed.
    public var device: Device { network.device }

    /// The same model on another device, with copies of its weights.
    ///
    /// - Parameters:
    ///   - device: a CUDA device, or the CPU, where it is already
    ///   - reserve: bytes that must be left there, for keys and values
    /// - Returns: what computes there
    /// - Throws: `TensorError.libtorch` where there is no such device, or it has no room for the model, or does not
    ///   compute heads of its size
    public func on(_ device: Device, reserving reserve: Int = 0) throws(TensorError) -> PreparedModel {
        if device == .cpu { return self }
        return PreparedModel(self, network: try network.on(device, reserving: reserve))
    }

    /// The first layers with an exit behind them, whose matrices are this one's; the exit's output layer is as trained.
    public func shallow(_ exit: EarlyExit) -> PreparedModel { PreparedModel(self, exit) }

    private init(_ whole: PreparedModel, _ exit: EarlyExit) {
        var shape = whole.configuration
        shape.endBehind(exit)
        configuration = shape
        plan = whole.plan
        layers = Array(whole.layers.prefix(exit.layer))
        embedding = whole.embedding
        let head = PackedMatrix(exit.head.weight, bias: exit.head.bias, precision: .float32)
        byteCount =
            head.byteCount
            + layers.reduce(0) {
                $0 + $1.qkv.byteCount + $1.output.byteCount + $1.gateUp.byteCount + $1.down.byteCount
            }
        network = PackedNetwork(
            embedding: embedding, layers: layers, norm: exit.norm.weight, head: head, heads: shape.heads,
            eps: shape.rmsNormEps)
        (cos, sin) = (whole.cos, whole.sin)
    }

    /// Reads the step's tokens, which leave their keys and values in their pages.
    ///
    /// - Returns: logits of the rows that are read, `[read, vocabulary]`
    public func callAsFunction(_ step: NetworkStep, pages: KeyValuePages) -> Tensor {
        network(step, pages: pages, cos: cos, sin: sin)
    }

    /// The same, where the logits stay on the device that computes them until somebody asks.
    public func step(_ step: NetworkStep, pages: KeyValuePages) -> StepLogits {
        network.step(step, pages: pages, cos: cos, sin: sin)
    }

    /// Reads the step's tokens by the layers before `layer` alone, and leaves what comes of each in its page; the pages
    /// may be a larger model's that begins with these layers.
    public func begin(_ step: NetworkStep, before layer: Int, pages: KeyValuePages) {
        network.begin(step, before: layer, pages: pages, cos: cos, sin: sin)
    }

    /// What ``begin(_:before:pages:)`` left of a step's tokens, now or before, `[tokens, C]`.
    public func hidden(_ step: NetworkStep, pages: KeyValuePages) -> Tensor {
        network.hidden(step, pages: pages, cos: cos, sin: sin)
    }

    /// Goes on where a model with the same first layers has begun, with the bits of a step through all of them.
    ///
    /// - Parameters:
    ///   - step: tokens that were begun, in one step or in several
    ///   - layer: how many layers began them
    ///   - pages: where those left their keys and values, and what they made of the tokens
    /// - Returns: logits of the rows that are read, `[read, vocabulary]`
    public func finish(_ step: NetworkStep, atLayer layer: Int, pages: KeyValuePages) -> Tensor {
        network.finish(step, atLayer: layer, pages: pages, cos: cos, sin: sin)
    }

    /// Room for keys and values of `count` pages of tokens.
    public func makePages(count: Int, entry: KeyValuePages.Entry = .float32) -> KeyValuePages {
        KeyValuePages(
            layerCount: configuration.layerCount, heads: configuration.heads, count: count, entry: entry, device: device
        )
    }
}

extension ModelConfiguration {
    public var heads: PackedNetwork.Heads {
        PackedNetwork.Heads(queryCount: headCount, keyCount: kvHeadCount, size: headSize)
    }

    /// How keys and values are kept where the model is served.
    public var cacheEntry: KeyValuePages.Entry { quantization?.cache ?? .float32 }

    /// Bytes of a page of keys and values in all layers.
    public func pageByteCount(_ entry: KeyValuePages.Entry = .float32) -> Int {
        KeyValuePages.byteCount(layerCount: layerCount, heads: heads, entry: entry)
    }
}

extension CausalLanguageModel {
    /// The model as it is served on a device; nil for the CPU, whose engines pack by themselves.
    ///
    /// - Parameters:
    ///   - device: where it is to compute
    ///   - reserve: bytes that must be left there, for keys and values
    /// - Returns: what computes there
    /// - Throws: `TensorError.libtorch` where the device cannot be used or has no room; `ModelError.notComputed` for a
    ///   model that the row engine does not compute
    public func prepared(on device: Device, reserving reserve: Int) throws -> PreparedModel? {
        if device == .cpu { return nil }
        guard let prepared = PreparedModel(self) else {
            throw ModelError.notComputed(device: "\(device)")
        }
        return try prepared.on(device, reserving: reserve)
    }

    /// Whether the row engine computes what this model does.
    var isPreparable: Bool {
        embedding.weight.device == .cpu && embedding.weight.dtype == .float32
            && !configuration.hasHierarchicalLayers
            && layers.allSatisfy { layer in
                let linears = [
                    layer.attention.qkv, layer.attention.output, layer.feedForward.gateUp, layer.feedForward.down,
                ]
                return linears.allSatisfy { $0.adapter == nil }
            }
    }
}
