internal import CTorch

extension Torch {
    /// Whether a network's passes give a token the same bits whatever is computed beside it, decoding or not: so it is
    /// on the CPU where all kernels are our own, which is on processors with AVX-512.
    public static var computesTokensAlike: Bool { ctorch_linear_is_rowwise() }
}

private let rmsNormOperator = Operator("aten::rms_norm")

// The steps between a transformer's matrix products. On the CPU in `.float32` each is one kernel of the shim; elsewhere
// they are put together from libtorch's operators.
extension Tensor {
    /// `self · weightᵀ + bias`, with self `[…, in]`, weight `[out, in]`, bias `[out]`.
    ///
    /// Without gradients a row of the result has the same bits whatever rows are beside it. The packed form of the
    /// weight is kept as long as the weight and its contents live.
    public func linear(_ weight: Tensor, bias: Tensor? = nil) -> Tensor {
        unsafe Tensor(kernel: "linear", ctorch_linear(handle, weight.handle, bias?.handle))
    }

    /// `self / rms(self) * weight` over the last dimension.
    public func rmsNorm(_ weight: Tensor?, eps: Double) -> Tensor {
        if let weight, hasOwnKernels {
            return unsafe Tensor(kernel: "rmsNorm", ctorch_rms_norm(handle, weight.handle, eps))
        }
        return rmsNormOperator(.tensor(self), .ints([size(-1)]), .optional(weight), .real(eps))
    }

    /// `self + change`, and that normalized as by ``rmsNorm(_:eps:)``: a residual connection with the norm behind it.
    public func adding(
        _ change: Tensor, rmsNorm weight: Tensor, eps: Double
    ) -> (sum: Tensor, normalized: Tensor) {
        guard hasOwnKernels else {
            let sum = self + change
            return (sum, sum.rmsNorm(weight, eps: eps))
        }
        let made = unsafe Tensor.taken(from: "adding rmsNorm", count: 2) { results in
            unsafe ctorch_add_rms_norm(handle, change.handle, weight.handle, eps, results)
        }
        return (made[0], made[1])
    }

    /// The rows at `places` (`.int64`): `[rows, size]` to `[places, size]`.
    public func rows(at places: Tensor) -> Tensor {
        guard hasOwnKernels else { return indexSelect(0, places) }
        return unsafe Tensor(kernel: "rows", ctorch_take_rows(handle, places.handle))
    }

    /// `silu(a) * b` for the halves a and b of the last dimension.
    public func swiGLU() -> Tensor {
        if hasOwnKernels { return unsafe Tensor(kernel: "swiGLU", ctorch_swiglu(handle)) }
        let halves = chunk(2, dim: -1)
        return halves[0].silu() * halves[1]
    }

    var hasOwnKernels: Bool { device == .cpu && dtype == .float32 }
}
