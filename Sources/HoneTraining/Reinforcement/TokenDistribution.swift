internal import HoneTensor

// Shape legend of this folder: B responses, T tokens of the longest response, N tokens in one line, V vocabulary.

/// What a policy says about tokens that were chosen, at the temperature at which they were sampled.
///
/// With z the logits one position before the token y and τ the temperature, log π(y) = z_y/τ - log Σ exp(z/τ), and the
/// entropy is log Σ exp(z/τ) - Σ softmax(z/τ) z/τ (Ziegler et al. 2019, arXiv:1909.08593; the division by τ in every
/// pass is that of its published code).
struct TokenDistribution {
    private let logits_NV: Tensor
    private let likelihoods: TokenLikelihoods

    init(logits_NV: Tensor, targets_N: Tensor, temperature: Double) {
        self.logits_NV = logits_NV
        likelihoods = logits_NV.likelihoods(of: targets_N, temperature: temperature)
    }

    /// Natural logarithms of the chosen tokens' probabilities, `[N]`.
    var logProbs_N: Tensor { likelihoods.logProbs }

    /// log Σ exp(z/τ), `[N]`: about as large as the logits, and so what rounding is in proportion to.
    var normalizers_N: Tensor { likelihoods.normalizers }

    /// Entropies of the distributions in nats, `[N]`.
    var entropies_N: Tensor { likelihoods.entropies }

    /// The tokens' log-probabilities under the model itself, `[N]`, from those at `temperature`.
    func logProbsAtOne_N(_ targets_N: Tensor, _ temperature: Double) -> Tensor {
        temperature == 1 ? logProbs_N : noGrad { logits_NV.likelihoods(of: targets_N).logProbs }
    }
}
