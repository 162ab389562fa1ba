internal import CTorch

/// What logits say about one token of each of their rows, in nats.
public struct TokenLikelihoods {
    /// Logarithms of the tokens' probabilities, `[N]`.
    public let logProbs: Tensor
    /// log Σ exp of the logits over the temperature, `[N]`; constants, where the kernel is our own.
    public let normalizers: Tensor
    /// Entropies of the whole distributions, `[N]`.
    public let entropies: Tensor
}

// Shape legend: N or B rows, V vocabulary.
extension Tensor {
    /// With z these logits `[N, V]` over the temperature and y the targets (`.int64`), log π(y) = z_y - log Σ exp(z),
    /// and the entropy is log Σ exp(z) - Σ softmax(z) z. On the CPU in `.float32` it is one kernel.
    public func likelihoods(of targets_N: Tensor, temperature: Double = 1) -> TokenLikelihoods {
        precondition(temperature > 0, "log-probabilities at temperature \(temperature)")
        guard hasOwnKernels else {
            let z_NV = temperature == 1 ? self : self / temperature
            let normalizers_N = z_NV.logSumExp(dim: -1)
            return TokenLikelihoods(
                logProbs: z_NV.gather(-1, index: targets_N.unsqueeze(-1)).squeeze(-1) - normalizers_N,
                normalizers: normalizers_N, entropies: normalizers_N - (z_NV.softmax(dim: -1) * z_NV).sum(dim: -1))
        }
        let made = unsafe Tensor.taken(from: "likelihoods", count: 3) { results in
            unsafe ctorch_token_distribution(handle, targets_N.handle, temperature, results)
        }
        return TokenLikelihoods(logProbs: made[0], normalizers: made[1], entropies: made[2])
    }

    /// The token of every row of these logits `[B, V]` at which its cumulative distribution, in the vocabulary's order,
    /// reaches the row's share; nothing is differentiated through it.
    ///
    /// - Parameters:
    ///   - shares_B: within (0, 1], so that a token has a probability
    ///   - temperatures_B: 0 takes the likeliest token instead
    /// - Returns: tokens as `.int64`, `[B]`, and their log-probabilities at temperature 1, `[B]`
    public func drawn(at shares_B: Tensor, temperatures_B: Tensor) -> (tokens_B: Tensor, logProbs_B: Tensor) {
        guard hasOwnKernels else { return noGrad { composedDrawn(shares_B, temperatures_B) } }
        let made = unsafe Tensor.taken(from: "drawn", count: 2) { results in
            unsafe ctorch_pick(handle, temperatures_B.handle, shares_B.handle, results)
        }
        return (made[0], made[1])
    }

    private func composedDrawn(_ shares_B: Tensor, _ temperatures_B: Tensor) -> (tokens_B: Tensor, logProbs_B: Tensor) {
        let isGreedy_B = temperatures_B .== 0.0
        let divisors_B1 = temperatures_B.maskedFill(isGreedy_B, 1.0).unsqueeze(1)
        let position_B = (self / divisors_B1).softmax(dim: -1).positions(reaching: shares_B)
        let tokens_B = Tensor.where(isGreedy_B, argmax(dim: -1), position_B)
        return (tokens_B, likelihoods(of: tokens_B).logProbs)
    }

    /// The first position of every row where the cumulative sum of these weights `[B, V]` reaches the row's share of
    /// its total: always one of positive weight.
    public func positions(reaching shares_B: Tensor) -> Tensor {
        let cumulative_BV = cumsum(dim: -1)
        let total_B1 = cumulative_BV.narrow(-1, start: size(-1) - 1, length: 1)
        return (cumulative_BV .< shares_B.unsqueeze(1) * total_B1).sum(dim: -1)
    }
}
