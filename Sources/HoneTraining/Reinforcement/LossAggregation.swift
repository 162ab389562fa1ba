internal import HoneTensor

/// How the losses of a batch's tokens become one number. It changes the algorithm: it says how much a long response
/// weighs.
public enum LossAggregation: String, Codable, Sendable, CaseIterable {
    /// Every token alike (Yu et al. 2025, arXiv:2503.14476, equation 12).
    case tokenMean = "token_mean"
    /// Every response alike, by its tokens' mean (Shao et al. 2024, arXiv:2402.03300, equation 3).
    case sequenceMeanTokenMean = "sequence_mean_token_mean"
    /// Tokens' sums over a constant length (Liu et al. 2025, arXiv:2503.20783, equation 2).
    case constantNorm = "constant_norm"
    /// Every response by its tokens' sum: the policy gradient as it is derived.
    case sequenceMeanTokenSum = "sequence_mean_token_sum"

    /// What the whole batch of an optimizer step holds, so that its parts add up to the same loss however it is cut.
    struct Totals: Equatable {
        var tokenCount: Double
        /// Responses with at least one token that counts.
        var sequenceCount: Double
        /// The constant of `constantNorm`.
        var maximumLength: Int

        init(mask_BT: Tensor, maximumLength: Int) {
            let lengths_B = mask_BT.sum(dim: 1)
            tokenCount = lengths_B.sum().item()
            sequenceCount = (lengths_B .> 0).to(.float64).sum().item()
            self.maximumLength = maximumLength
        }
    }

    /// The weight of every token's loss, `[B, T]`; the loss of a part of the batch is Σ weight · loss.
    func weights(mask_BT: Tensor, of totals: Totals) -> Tensor {
        let sequences = max(1, totals.sequenceCount)
        switch self {
        case .tokenMean: return mask_BT / max(1, totals.tokenCount)
        case .sequenceMeanTokenMean:
            return mask_BT / (mask_BT.sum(dim: 1, keepDim: true).clamp(min: 1) * sequences)
        case .constantNorm: return mask_BT / (sequences * Double(totals.maximumLength))
        case .sequenceMeanTokenSum: return mask_BT / sequences
        }
    }
}
