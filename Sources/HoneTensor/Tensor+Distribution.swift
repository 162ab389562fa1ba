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

// Shape legend: N rows, V vocabulary.
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
}
