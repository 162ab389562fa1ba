private let expOperator = Operator("aten::exp")
private let logOperator = Operator("aten::log")
private let sqrtOperator = Operator("aten::sqrt")
private let rsqrtOperator = Operator("aten::rsqrt")
private let absOperator = Operator("aten::abs")
private let roundOperator = Operator("aten::round")
private let sinOperator = Operator("aten::sin")
private let cosOperator = Operator("aten::cos")
private let tanhOperator = Operator("aten::tanh")
private let sigmoidOperator = Operator("aten::sigmoid")
private let logSigmoidOperator = Operator("aten::log_sigmoid")
private let reluOperator = Operator("aten::relu")
private let siluOperator = Operator("aten::silu")
private let geluOperator = Operator("aten::gelu")
private let powOperator = Operator("aten::pow", "Tensor_Scalar")
private let powScalarOperator = Operator("aten::pow", "Scalar")
private let clampOperator = Operator("aten::clamp")
private let minimumOperator = Operator("aten::minimum")
private let maximumOperator = Operator("aten::maximum")

extension Tensor {
    public func exp() -> Tensor { expOperator(.tensor(self)) }
    public func log() -> Tensor { logOperator(.tensor(self)) }
    public func sqrt() -> Tensor { sqrtOperator(.tensor(self)) }
    public func rsqrt() -> Tensor { rsqrtOperator(.tensor(self)) }
    public func abs() -> Tensor { absOperator(.tensor(self)) }
    /// To the nearest whole number, halves to the even one.
    public func round() -> Tensor { roundOperator(.tensor(self)) }
    public func sin() -> Tensor { sinOperator(.tensor(self)) }
    public func cos() -> Tensor { cosOperator(.tensor(self)) }
    public func tanh() -> Tensor { tanhOperator(.tensor(self)) }
    public func sigmoid() -> Tensor { sigmoidOperator(.tensor(self)) }
    public func logSigmoid() -> Tensor { logSigmoidOperator(.tensor(self)) }
    public func relu() -> Tensor { reluOperator(.tensor(self)) }
    public func silu() -> Tensor { siluOperator(.tensor(self)) }
    public func gelu() -> Tensor { geluOperator(.tensor(self)) }
    public func pow(_ exponent: some TensorScalar) -> Tensor { powOperator(.tensor(self), exponent.argument) }

    /// `base` to the power of every element.
    public static func pow(_ base: some TensorScalar, _ exponent: Tensor) -> Tensor {
        powScalarOperator(base.argument, .tensor(exponent))
    }

    /// Every element moved into `min...max`.
    public func clamp(min: Double? = nil, max: Double? = nil) -> Tensor {
        clampOperator(.tensor(self), min.map { .real($0) } ?? .none, max.map { .real($0) } ?? .none)
    }

    /// The smaller of each pair.
    public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { minimumOperator(.tensor(a), .tensor(b)) }

    /// The larger of each pair.
    public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { maximumOperator(.tensor(a), .tensor(b)) }
}

private let matmulOperator = Operator("aten::matmul")
private let embeddingOperator = Operator("aten::embedding")
private let softmaxOperator = Operator("aten::softmax", "int")
private let logSoftmaxOperator = Operator("aten::log_softmax", "int")
private let layerNormOperator = Operator("aten::layer_norm")
private let dropoutOperator = Operator("aten::dropout")
private let crossEntropyOperator = Operator("aten::cross_entropy_loss")
private let attentionOperator = Operator("aten::scaled_dot_product_attention")

/// How a loss over many elements becomes one number. The raw value is libtorch's own code.
public enum LossReduction: Int, Sendable {
    case none = 0
    case mean = 1
    case sum = 2
}

extension Tensor {
    /// Matrix product; leading dimensions are batches and broadcast.
    public func matmul(_ other: Tensor) -> Tensor { matmulOperator(.tensor(self), .tensor(other)) }

    /// Rows of `weight` `[vocabulary, size]` picked by `ids` of any shape: `[…, size]`.
    public static func embedding(_ weight: Tensor, ids: Tensor) -> Tensor {
        embeddingOperator(.tensor(weight), .tensor(ids))
    }

    public func softmax(dim: Int, dtype: DType? = nil) -> Tensor {
        softmaxOperator(.tensor(self), .int(dim), .dtype(dtype))
    }

    public func logSoftmax(dim: Int, dtype: DType? = nil) -> Tensor {
        logSoftmaxOperator(.tensor(self), .int(dim), .dtype(dtype))
    }

    /// Normalized over the last dimension to mean 0 and variance 1, then `* weight + bias`.
    public func layerNorm(_ weight: Tensor?, bias: Tensor? = nil, eps: Double = 1e-5) -> Tensor {
        layerNormOperator(.tensor(self), .ints([size(-1)]), .optional(weight), .optional(bias), .real(eps))
    }

    /// Zeroes each element with the given probability and scales the others up. Draws from the default generator.
    public func dropout(_ probability: Double, training: Bool = true) -> Tensor {
        dropoutOperator(.tensor(self), .real(probability), .bool(training))
    }

    /// Negative log-likelihood of `targets` under `softmax(self)`.
    ///
    /// - Parameters:
    ///   - targets: class numbers `[N]` as `.int64`, for self `[N, classes]`.
    ///   - ignoreIndex: targets of this value count nothing.
    ///   - reduction: `.mean` is over the targets that count.
    /// - Returns: a scalar, or `[N]` with `.none`.
    public func crossEntropy(_ targets: Tensor, ignoreIndex: Int = -100, reduction: LossReduction = .mean) -> Tensor {
        crossEntropyOperator(
            .tensor(self), .tensor(targets), .none, .int(reduction.rawValue), .int(ignoreIndex), .real(0))
    }

    /// `softmax(q·kᵀ · scale + mask) · v`.
    ///
    /// - Parameters:
    ///   - q: `[batch, heads, queries, size]`
    ///   - k: `[batch, heads, keys, size]`; with `groupedQueries` the number of heads may be a divisor of q's.
    ///   - v: as `k`
    ///   - mask: true where attention is allowed, or numbers to add, broadcast to `[batch, heads, queries, keys]`
    ///   - isCausal: query i sees keys 0...i only; not together with a mask
    ///   - scale: 1/√size when left out
    ///   - groupedQueries: several heads of q share one of k and v
    /// - Returns: `[batch, heads, queries, size]`
    public static func scaledDotProductAttention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, isCausal: Bool = false, scale: Double? = nil,
        groupedQueries: Bool = false
    ) -> Tensor {
        attentionOperator(
            .tensor(q), .tensor(k), .tensor(v), .optional(mask), .real(0), .bool(isCausal),
            scale.map { .real($0) } ?? .none, .bool(groupedQueries))
    }
}
