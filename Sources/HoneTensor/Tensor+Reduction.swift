internal import CTorch

private let sumOperator = Operator("aten::sum", "dim_IntList")
private let meanOperator = Operator("aten::mean", "dim")
private let varOperator = Operator("aten::var", "correction")
private let amaxOperator = Operator("aten::amax")
private let aminOperator = Operator("aten::amin")
private let maxDimOperator = Operator("aten::max", "dim")
private let argmaxOperator = Operator("aten::argmax")
private let argminOperator = Operator("aten::argmin")
private let topkOperator = Operator("aten::topk")
private let sortOperator = Operator("aten::sort", "stable")
private let cumsumOperator = Operator("aten::cumsum")
private let logsumexpOperator = Operator("aten::logsumexp")
private let normOperator = Operator("aten::linalg_vector_norm")
private let allOperator = Operator("aten::all")
private let anyOperator = Operator("aten::any")
private let equalOperator = Operator("aten::eq", "Tensor")
private let iscloseOperator = Operator("aten::isclose")
private let isfiniteOperator = Operator("aten::isfinite")

// Without `dim` a reduction runs over everything and gives a scalar.
extension Tensor {
    public func sum(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        sumOperator(.tensor(self), Self.dimensions(dim), .bool(keepDim))
    }

    public func mean(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        meanOperator(.tensor(self), Self.dimensions(dim), .bool(keepDim))
    }

    /// The variance; `correction` 1 divides by n - 1.
    public func variance(dim: Int? = nil, correction: Int = 1, keepDim: Bool = false) -> Tensor {
        varOperator(.tensor(self), Self.dimensions(dim), .int(correction), .bool(keepDim))
    }

    /// The largest element.
    public func max(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        amaxOperator(.tensor(self), dim.map { .ints([$0]) } ?? .ints([]), .bool(keepDim))
    }

    /// The smallest element.
    public func min(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        aminOperator(.tensor(self), dim.map { .ints([$0]) } ?? .ints([]), .bool(keepDim))
    }

    /// The largest element along `dim` and its position.
    public func maxWithIndex(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        let results = maxDimOperator.all(.tensor(self), .int(dim), .bool(keepDim))
        return (results[0], results[1])
    }

    /// Position of the largest element, as `.int64`.
    public func argmax(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        argmaxOperator(.tensor(self), dim.map { .int($0) } ?? .none, .bool(keepDim))
    }

    /// Position of the smallest element, as `.int64`.
    public func argmin(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        argminOperator(.tensor(self), dim.map { .int($0) } ?? .none, .bool(keepDim))
    }

    /// The `count` largest elements along `dim`, in falling order, and their positions.
    public func topK(_ count: Int, dim: Int = -1) -> (values: Tensor, indices: Tensor) {
        let results = topkOperator.all(.tensor(self), .int(count), .int(dim))
        return (results[0], results[1])
    }

    /// The elements in order along `dim`, equal ones as they stood, and their former positions.
    public func sort(dim: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
        let results = sortOperator.all(.tensor(self), .bool(true), .int(dim), .bool(descending))
        return (results[0], results[1])
    }

    public func cumsum(dim: Int) -> Tensor { cumsumOperator(.tensor(self), .int(dim)) }

    /// log Σ e^x along `dim`; of the rows of a matrix on the CPU in `.float32` to the bit what ``pickTokens(_:)`` sees.
    public func logSumExp(dim: Int, keepDim: Bool = false) -> Tensor {
        if hasOwnKernels, self.dim == 2, dim == -1 || dim == 1, !keepDim, size(1) > 0 {
            return unsafe Tensor(kernel: "logSumExp", ctorch_log_sum_exp(handle))
        }
        return logsumexpOperator(.tensor(self), .ints([dim]), .bool(keepDim))
    }

    /// The Euclidean norm.
    public func norm(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        normOperator(.tensor(self), .real(2), Self.dimensions(dim), .bool(keepDim))
    }

    /// Whether every element is true (not zero).
    public func all() -> Bool { allOperator(.tensor(self)).item(Bool.self) }

    /// Whether some element is true (not zero).
    public func any() -> Bool { anyOperator(.tensor(self)).item(Bool.self) }

    /// True where an element is neither infinite nor NaN.
    public func isFinite() -> Tensor { isfiniteOperator(.tensor(self)) }

    /// Whether both have the same shape and bitwise the same values (NaN differs from itself).
    public func equals(_ other: Tensor) -> Bool { shape == other.shape && (self .== other).all() }

    /// Whether both have the same shape and everywhere `|self - other| <= atol + rtol * |other|`.
    public func allClose(_ other: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8) -> Bool {
        shape == other.shape && iscloseOperator(.tensor(self), .tensor(other), .real(rtol), .real(atol)).all()
    }

    private static func dimensions(_ dim: Int?) -> Argument { dim.map { .ints([$0]) } ?? .none }
}
