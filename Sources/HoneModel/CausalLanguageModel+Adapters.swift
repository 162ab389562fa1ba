public import HoneTensor

/// The size of low-rank adapters (Hu et al. 2021, arXiv:2106.09685).
public struct AdapterConfiguration: Codable, Hashable, Sendable {
    public var rank: Int
    /// The change is scaled by alpha/rank …
    public var alpha: Double
    /// … or by alpha/√rank, so that a higher rank does not learn more slowly (Kalajdzievski 2023, arXiv:2312.03732).
    public var isRankStabilized: Bool

    public init(rank: Int = 16, alpha: Double = 32, isRankStabilized: Bool = false) {
        self.rank = rank
        self.alpha = alpha
        self.isRankStabilized = isRankStabilized
    }

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case rank, alpha
        case isRankStabilized = "rank_stabilized"
    }

    public var scale: Double { alpha / (isRankStabilized ? Double(rank).squareRoot() : Double(rank)) }
}

// Low-rank adapters beside every matrix inside the layers.
extension CausalLanguageModel {
    /// The same network, sharing its weights, with a fresh adapter beside each matrix: it computes what this one does.
    public func adapted(_ adapters: AdapterConfiguration, generator: Generator) -> CausalLanguageModel {
        mappingMatrices { _, linear in
            var linear = linear
            linear.adapter = LowRankAdapter(
                of: linear.weight, rank: adapters.rank, scale: adapters.scale, generator: generator)
            return linear
        }
    }

    /// The network without its adapters, sharing its weights: the reference of a run that trains adapters alone.
    public func withoutAdapters() -> CausalLanguageModel {
        mappingMatrices { _, linear in Linear(weight: linear.weight, bias: linear.bias) }
    }

    /// A network of its own whose matrices hold what the adapters add.
    public func merged() throws(TensorError) -> CausalLanguageModel {
        try mappingMatrices { _, linear in
            guard let adapter = linear.adapter else { return linear }
            return Linear(weight: noGrad { linear.weight + adapter.change }, bias: linear.bias)
        }.copy()
    }

    /// What trains while the rest stays, under paths like `model.layers.0.self_attn.qkv_proj.lora_A.weight`.
    public var adapterParameters: [NamedParameter] {
        var found: [NamedParameter] = []
        _ = mappingMatrices { path, linear in
            found += (linear.adapter?.namedParameters ?? []).map {
                NamedParameter(name: path + "." + $0.name, tensor: $0.tensor)
            }
            return linear
        }
        return found
    }

    /// Copies `state`, exactly the names of `adapterParameters`, into the adapters. Nothing is changed unless it fits.
    public func loadAdapters(_ state: [String: Tensor]) throws(TensorError) {
        let own = adapterParameters
        for parameter in own where state[parameter.name]?.shape != parameter.tensor.shape {
            throw .stateMismatch(name: parameter.name, fault: "is missing or has another shape")
        }
        if let extra = Set(state.keys).subtracting(own.map(\.name)).min() {
            throw .stateMismatch(name: extra, fault: "is not an adapter of this model")
        }
        noGrad {
            for parameter in own {
                if let source = state[parameter.name] { parameter.tensor.copyInPlace(source) }
            }
        }
    }

    func mappingMatrices(_ transform: (String, Linear) -> Linear) -> CausalLanguageModel {
        var copy = self
        for i in layers.indices {
            let path = "model.layers.\(i)"
            copy.layers[i].attention.qkv = transform("\(path).self_attn.qkv_proj", layers[i].attention.qkv)
            copy.layers[i].attention.output = transform("\(path).self_attn.o_proj", layers[i].attention.output)
            copy.layers[i].feedForward.gateUp = transform("\(path).mlp.gate_up_proj", layers[i].feedForward.gateUp)
            copy.layers[i].feedForward.down = transform("\(path).mlp.down_proj", layers[i].feedForward.down)
        }
        return copy
    }
}

extension CausalLanguageModel {
    /// A network whose weights nobody wrote yet.
    init(unfilled configuration: ModelConfiguration, device: Device) {
        self.init(configuration, device: device) { inputSize, outputSize, bias in
            Linear(
                weight: Tensor.empty([outputSize, inputSize], device: device).requiringGrad(),
                bias: bias ? Tensor.empty([outputSize], device: device).requiringGrad() : nil)
        }
    }

    /// A network of its own with the same weights, without adapters.
    public func copy() throws(TensorError) -> CausalLanguageModel {
        let made = CausalLanguageModel(unfilled: configuration, device: embedding.weight.device)
        try made.load(stateDictionary())
        return made
    }
}
