/// `x · weightᵀ + bias`, and beside it a low-rank change where there is an adapter.
public struct Linear: Module {
    /// `[out, in]`
    public let weight: Tensor
    /// `[out]`
    public let bias: Tensor?
    /// Trained in the place of the weight; it is saved apart and not among this module's parameters.
    public var adapter: LowRankAdapter?
    /// Computes in the place of weight and bias, without gradients, where a model serves in fewer bits.
    public var packed: PackedMatrix?

    public init(weight: Tensor, bias: Tensor? = nil) {
        self.weight = weight
        self.bias = bias
    }

    /// Weights normally distributed with the given standard deviation, bias zero.
    public init(
        _ inputSize: Int, _ outputSize: Int, bias: Bool = true, standardDeviation: Double = 0.02,
        generator: Generator? = nil, dtype: DType = .float32, device: Device = .cpu
    ) {
        let weight = Tensor.randn([outputSize, inputSize], generator: generator, dtype: dtype, device: device)
        weight.multiplyInPlace(standardDeviation)
        self.weight = weight.requiringGrad()
        self.bias = bias ? Tensor.zeros([outputSize], dtype: dtype, device: device).requiringGrad() : nil
    }

    /// `[…, in]` to `[…, out]`
    public func callAsFunction(_ x: Tensor) -> Tensor {
        if let packed { return packed(x) }
        let y = x.linear(weight, bias: bias)
        return adapter.map { y + $0(x) } ?? y
    }

    public func visit(_ visitor: ParameterVisitor) {
        visitor.parameter("weight", weight)
        visitor.parameter("bias", bias)
    }
}

/// A vector for every id.
public struct Embedding: Module {
    /// `[vocabulary, size]`
    public let weight: Tensor

    public init(weight: Tensor) { self.weight = weight }

    /// Vectors normally distributed with the given standard deviation.
    public init(
        _ vocabularySize: Int, _ size: Int, standardDeviation: Double = 0.02, generator: Generator? = nil,
        dtype: DType = .float32, device: Device = .cpu
    ) {
        let weight = Tensor.randn([vocabularySize, size], generator: generator, dtype: dtype, device: device)
        weight.multiplyInPlace(standardDeviation)
        self.weight = weight.requiringGrad()
    }

    /// Ids of any shape to `[…, size]`.
    public func callAsFunction(_ ids: Tensor) -> Tensor { Tensor.embedding(weight, ids: ids) }

    public func visit(_ visitor: ParameterVisitor) { visitor.parameter("weight", weight) }
}

/// Root mean square normalization (Zhang and Sennrich 2019, arXiv:1910.07467, equation 4).
public struct RMSNorm: Module {
    /// `[size]`
    public let weight: Tensor
    public let eps: Double

    public init(_ size: Int, eps: Double = 1e-6, dtype: DType = .float32, device: Device = .cpu) {
        weight = Tensor.ones([size], dtype: dtype, device: device).requiringGrad()
        self.eps = eps
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { x.rmsNorm(weight, eps: eps) }

    /// x with `change` added, and that normalized.
    public func callAsFunction(_ x: Tensor, adding change: Tensor) -> (sum: Tensor, normalized: Tensor) {
        x.adding(change, rmsNorm: weight, eps: eps)
    }

    public func visit(_ visitor: ParameterVisitor) { visitor.parameter("weight", weight) }
}
