internal import HoneTensor

/// How the divergence from the reference is estimated at one sampled token, with d = log π - log π_ref (Schulman 2020,
/// "Approximating KL divergence").
public enum KLEstimator: String, Codable, Sendable, CaseIterable {
    /// d: unbiased, negative as often as not.
    case k1
    /// d²/2: biased, and the one whose gradient is that of the divergence.
    case k2
    /// exp(-d) - 1 + d: unbiased and never negative.
    case k3

    /// The estimate at every token.
    ///
    /// - Parameters:
    ///   - logProbs: of the policy that sampled
    ///   - reference: of the reference, of the same shape
    ///   - limits: bounds on the way; none by default
    /// - Returns: nats, of the same shape
    func estimate(_ logProbs: Tensor, _ reference: Tensor, limits: KLLimits = .none) -> Tensor {
        let d = logProbs - reference
        let raw =
            switch self {
            case .k1: d
            case .k2: d * d / 2
            case .k3: Self.k3(limits.logRatio.map { d.clamp(min: -$0, max: $0) } ?? d)
            }
        return limits.value.map { raw.clamp(min: -$0, max: $0) } ?? raw
    }

    /// The estimate as a term of a loss: its value, with a gradient that is right.
    ///
    /// The expected gradient of k1 is zero and that of k3 belongs to another divergence. The gradient of k2 is the
    /// divergence's own, so it is put in the place of theirs.
    func lossTerm(_ logProbs: Tensor, _ reference: Tensor, limits: KLLimits = .none) -> Tensor {
        var d = logProbs - reference
        if let limit = limits.logRatio { d = d.clamp(min: -limit, max: limit) }
        let guide = d * d / 2
        let value = noGrad { estimate(logProbs, reference, limits: limits) }
        return value + (guide - guide.detach())
    }

    private static func k3(_ d: Tensor) -> Tensor { (-d).exp() - 1 + d }
}

/// Bounds that keep one improbable token from ruling a batch; nil leaves a quantity unbounded.
struct KLLimits: Sendable, Equatable {
    /// Of |d| inside the exponential of k3.
    var logRatio: Double?
    /// Of the estimate itself.
    var value: Double?

    static let none = KLLimits()
    /// Those of verl and OpenRLHF.
    static let usual = KLLimits(logRatio: 20, value: 10)
}
