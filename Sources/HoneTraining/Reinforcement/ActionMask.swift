internal import HoneTensor

/// Which tokens of responses that are padded on the right were chosen by the policy: from the first one up to the stop
/// token, or, without a stop token, to the response's end.
///
/// The mask rests on lengths, never on the end token: a response that was cut off has none, and its padding must not
/// count as actions.
struct ActionMask {
    /// 1 where a token counts, 0 elsewhere; `[B, T]`.
    let mask_BT: Tensor
    /// Tokens of every response that count, `[B]` as `.int64`.
    let lengths_B: Tensor

    init(lengths_B: Tensor, width: Int, dtype: DType = .float32) {
        self.lengths_B = lengths_B
        mask_BT = (Tensor.arange(width) .< lengths_B.unsqueeze(1)).to(dtype)
    }

    init(lengths: [Int], width: Int, dtype: DType = .float32) {
        self.init(lengths_B: Tensor(lengths), width: width, dtype: dtype)
    }

    /// The mask of `tokens_BT`, `[B, T]`, whose rows have the given lengths and end at their first stop token.
    init(tokens_BT: Tensor, lengths: [Int], stopTokens: [Int], dtype: DType = .float32) {
        let stops_B = stopTokens.reduce(Tensor.zeros(tokens_BT.shape, dtype: .bool)) { $0 .| (tokens_BT .== $1) }
            .firstTrue()
        self.init(
            lengths_B: Tensor.minimum(stops_B + 1, Tensor(lengths)), width: tokens_BT.size(1), dtype: dtype)
    }

    /// `tokens_BT` with `padToken` wherever no token counts.
    func padded(_ tokens_BT: Tensor, padToken: Int) -> Tensor {
        tokens_BT.maskedFill(mask_BT .== 0, padToken)
    }
}

extension Tensor {
    /// Position of the first true element of every row, the row's length where there is none: `[B, T]` to `[B]`.
    func firstTrue() -> Tensor {
        Tensor.where(self, Tensor.arange(size(-1)), Tensor(size(-1))).min(dim: -1)
    }

    /// Mean over the elements that `mask` marks with 1.
    func maskedMean(_ mask: Tensor) -> Tensor { (self * mask).sum() / mask.sum() }
}
