internal import HoneTensor

/// What an action's advantage does to its probability.
public struct PolicyLoss: Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The clipped surrogate with a ratio for every token (Schulman et al. 2017, arXiv:1707.06347, equation 7).
        case ppoClip = "ppo_clip"
        /// The same with one ratio for a whole response, the geometric mean of its tokens' (Zheng et al. 2025,
        /// arXiv:2507.18071, equation 7).
        case sequenceClip = "gspo"
        /// -A log π without a ratio (Williams 1992): only right for samples of the policy as it is.
        case reinforce
    }

    public var kind = Kind.ppoClip
    /// The ratio counts from 1 - `clipLow` on …
    public var clipLow = 0.2
    /// … up to 1 + `clipHigh`; more room above keeps rare tokens alive (Yu et al. 2025, arXiv:2503.14476, equation 10).
    public var clipHigh = 0.2
    /// Bound c of the loss -A c where A is negative (Ye et al. 2020, arXiv:1912.09729, equation 5); nil for none.
    public var dualClip: Double?

    public init(kind: Kind = .ppoClip, clipLow: Double = 0.2, clipHigh: Double = 0.2, dualClip: Double? = nil) {
        self.kind = kind
        self.clipLow = clipLow
        self.clipHigh = clipHigh
        self.dualClip = dualClip
    }
}

/// A policy's loss at every token and what the step's report says about it.
struct PolicyTerms {
    /// `[B, T]`
    let loss_BT: Tensor
    /// π/π_old at every token; without a gradient.
    let ratio_BT: Tensor
    /// 1 where the clipped branch ruled.
    let isClipped_BT: Tensor
}

extension PolicyLoss {
    /// Log-ratios are held within this on the way to a ratio.
    static let logRatioLimit = 20.0

    /// - Parameters:
    ///   - logProbs_BT: of the policy that learns, with gradients
    ///   - old_BT: of the policy as it was before this batch
    ///   - advantages_BT: constants
    ///   - mask_BT: 1 where a token counts
    /// - Returns: the loss before aggregation
    func terms(logProbs_BT: Tensor, old_BT: Tensor, advantages_BT: Tensor, mask_BT: Tensor) -> PolicyTerms {
        let limit = Self.logRatioLimit
        let logRatio_BT = (logProbs_BT - old_BT) * mask_BT
        switch kind {
        case .ppoClip:
            return clipped(logRatio_BT.clamp(min: -limit, max: limit).exp(), advantages_BT, mask_BT)
        case .sequenceClip:
            let count_B1 = mask_BT.sum(dim: 1, keepDim: true).clamp(min: 1)
            let mean_B1 = logRatio_BT.sum(dim: 1, keepDim: true) / count_B1
            let ratio_BT = mean_B1.clamp(min: -limit, max: limit).exp() + mask_BT.zerosLike()
            return clipped(ratio_BT, advantages_BT, mask_BT)
        case .reinforce:
            let ratio_BT = logRatio_BT.detach().clamp(min: -limit, max: limit).exp()
            return PolicyTerms(
                loss_BT: -(advantages_BT * logProbs_BT), ratio_BT: ratio_BT, isClipped_BT: mask_BT.zerosLike())
        }
    }

    /// max(-A ρ, -A clip(ρ)), and at most -A c where A is negative.
    private func clipped(_ ratio_BT: Tensor, _ advantages_BT: Tensor, _ mask_BT: Tensor) -> PolicyTerms {
        let free_BT = -(advantages_BT * ratio_BT)
        let bounded_BT = -(advantages_BT * ratio_BT.clamp(min: 1 - clipLow, max: 1 + clipHigh))
        var loss_BT = Tensor.maximum(free_BT, bounded_BT)
        if let dualClip {
            let capped_BT = Tensor.minimum(loss_BT, advantages_BT * -dualClip)
            loss_BT = Tensor.where(advantages_BT .< 0, capped_BT, loss_BT)
        }
        return PolicyTerms(
            loss_BT: loss_BT, ratio_BT: ratio_BT.detach(),
            isClipped_BT: (bounded_BT.detach() .> free_BT.detach()).to(mask_BT.dtype) * mask_BT)
    }
}
