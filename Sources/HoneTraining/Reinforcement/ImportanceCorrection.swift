internal import HoneTensor

/// Weighs samples of an older policy, or of a sampler that computes a little differently, by π_old/π_sampler, with a
/// bound (truncated importance sampling: Espeholt et al. 2018, arXiv:1802.01561; for language models Yao et al. 2025).
public struct ImportanceCorrection: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Weights above the upper bound become the bound.
        case truncate
        /// Weights outside the bounds become 0.
        case mask
    }

    public enum Level: String, Codable, Sendable, CaseIterable {
        case token
        /// The product of a response's ratios, for all its tokens.
        case sequence
    }

    public var kind: Kind
    public var level: Level
    /// Only `mask` looks at it.
    public var lower: Double
    public var upper: Double

    public init(kind: Kind = .truncate, level: Level = .token, lower: Double = 0, upper: Double = 2) {
        self.kind = kind
        self.level = level
        self.lower = lower
        self.upper = upper
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, level, lower, upper
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        self.init()
        try settings.read(.kind, into: &kind)
        try settings.read(.level, into: &level)
        try settings.read(.lower, into: &lower)
        try settings.read(.upper, into: &upper)
    }

    /// Weights of the tokens' losses, `[B, T]`, constants.
    func weights(old_BT: Tensor, sampler_BT: Tensor, mask_BT: Tensor) -> Tensor {
        noGrad {
            var logRatio_BT = (old_BT - sampler_BT) * mask_BT
            if level == .sequence { logRatio_BT = logRatio_BT.sum(dim: 1, keepDim: true) + mask_BT.zerosLike() }
            let limit = PolicyLoss.logRatioLimit
            let weights_BT = logRatio_BT.clamp(min: -limit, max: limit).exp()
            switch kind {
            case .truncate: return weights_BT.clamp(max: upper) * mask_BT
            case .mask:
                return weights_BT.maskedFill((weights_BT .< lower) .| (weights_BT .> upper), 0) * mask_BT
            }
        }
    }

    /// 1 where a weight is at its bound, `[B, T]`.
    func bounded(_ weights_BT: Tensor) -> Tensor {
        switch kind {
        case .truncate: (weights_BT .>= upper).to(.float32)
        case .mask: (weights_BT .<= 0).to(.float32)
        }
    }
}
