internal import HoneTensor

// Shape legend of this folder: B responses, T tokens of the longest response, N tokens in one line, V vocabulary.

/// What a policy says about tokens that were chosen, at the temperature at which they were sampled.
///
/// With z the logits one position before the token y and τ the temperature, log π(y) = z_y/τ - log Σ exp(z/τ), and the
/// entropy is log Σ exp(z/τ) - Σ softmax(z/τ) z/τ (Ziegler et al. 2019, arXiv:1909.08593; the division by τ in every
/// pass is that of its published code).
struct TokenDistribution {
    /// Natural logarithms of the chosen tokens' probabilities, `[N]`.
    let logProbs_N: Tensor
    private let scaled_NV: Tensor
    /// log Σ exp(z/τ), `[N]`: about as large as the logits, and so what rounding is in proportion to.
    let normalizers_N: Tensor

    init(logits_NV: Tensor, targets_N: Tensor, temperature: Double) {
        precondition(temperature > 0, "log-probabilities at temperature \(temperature)")
        scaled_NV = temperature == 1 ? logits_NV : logits_NV / temperature
        normalizers_N = scaled_NV.logSumExp(dim: -1)
        logProbs_N = scaled_NV.gather(-1, index: targets_N.unsqueeze(-1)).squeeze(-1) - normalizers_N
    }

    /// The tokens' log-probabilities under the model itself, `[N]`, from those at `temperature`.
    func logProbsAtOne_N(_ targets_N: Tensor, _ temperature: Double) -> Tensor {
        guard temperature != 1 else { return logProbs_N }
        return TokenDistribution(
            logits_NV: scaled_NV.detach() * temperature, targets_N: targets_N, temperature: 1
        ).logProbs_N
    }

    /// Entropies of the distributions in nats, `[N]`.
    var entropies_N: Tensor {
        normalizers_N - (scaled_NV.softmax(dim: -1) * scaled_NV).sum(dim: -1)
    }
}
