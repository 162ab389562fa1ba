internal import CTorch

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

    /// `silu(a) * b` for the halves a and b of the last dimension.
    public func swiGLU() -> Tensor {
        if hasOwnKernels { return unsafe Tensor(kernel: "swiGLU", ctorch_swiglu(handle)) }
        let halves = chunk(2, dim: -1)
        return halves[0].silu() * halves[1]
    }

    /// Cuts the joint projection of queries, keys and values into heads, and turns queries and keys by their positions'
    /// angles (Su et al. 2021, arXiv:2104.09864, equation 34; a head's first half is paired with its second).
    ///
    /// - Parameters:
    ///   - cos: cosines of the angles, `[tokens, size / 2]`; for one token per row also `[batch, size / 2]`
    ///   - sin: sines, as `cos`
    ///   - headCount: heads of queries, which come first
    ///   - kvHeadCount: heads of keys, and of values
    /// - Returns: `[batch, heads, tokens, size]` each, from self `[batch, tokens, (heads + 2 · kvHeads) · size]`.
    public func rotarySplit(
        cos: Tensor, sin: Tensor, headCount: Int, kvHeadCount: Int
    ) -> (q: Tensor, k: Tensor, v: Tensor) {
        guard hasOwnKernels else { return composedRotarySplit(cos, sin, headCount, kvHeadCount) }
        var results: (ctorch_tensor?, ctorch_tensor?, ctorch_tensor?) = (nil, nil, nil)
        let done = unsafe withUnsafeMutablePointer(to: &results) { tuple in
            unsafe tuple.withMemoryRebound(to: ctorch_tensor?.self, capacity: 3) { first in
                unsafe ctorch_rotary_split(
                    handle, cos.handle, sin.handle, Int64(headCount), Int64(kvHeadCount), first)
            }
        }
        guard done, let q = unsafe results.0, let k = unsafe results.1, let v = unsafe results.2
        else {
            stop("rotarySplit: \(Torch.lastError)")
        }
        return unsafe (Tensor(owning: q), Tensor(owning: k), Tensor(owning: v))
    }

    private var hasOwnKernels: Bool { device == .cpu && dtype == .float32 }

    private func composedRotarySplit(
        _ cos: Tensor, _ sin: Tensor, _ headCount: Int, _ kvHeadCount: Int
    ) -> (q: Tensor, k: Tensor, v: Tensor) {
        let (batch, tokens) = (size(0), size(1))
        let turnedCount = headCount + kvHeadCount
        let heads_BHTD = view(batch, tokens, turnedCount + kvHeadCount, -1).transpose(1, 2)
        let isByRow = tokens == 1 && cos.size(0) == batch
        let angles = [cos, sin].map { isByRow ? $0.unsqueeze(1).unsqueeze(1) : $0 }
        let halves = heads_BHTD.narrow(1, start: 0, length: turnedCount).chunk(2, dim: -1)
        let turned = Tensor.cat(
            [halves[0] * angles[0] - halves[1] * angles[1], halves[1] * angles[0] + halves[0] * angles[1]], dim: -1)
        let qk = turned.split([headCount, kvHeadCount], dim: 1)
        return (qk[0], qk[1], heads_BHTD.narrow(1, start: turnedCount, length: kvHeadCount))
    }
}
