internal import HoneTensor

/// Learning from pairs without a reward model: the policy's own log-ratios to the reference are the rewards.
public enum DirectPreferenceLoss: Sendable, Equatable {
    /// -log σ(β Δ), Δ = (log π/π_ref of the chosen) - (of the rejected) (Rafailov et al. 2023, arXiv:2305.18290,
    /// equation 7); labels are wrong with probability `labelSmoothing` (Mitchell 2023, cDPO, equation 3).
    case dpo(beta: Double, labelSmoothing: Double = 0)
    /// (Δ - 1/(2β))² (Azar et al. 2023, arXiv:2310.12036, equation 17).
    case ipo(beta: Double)

    /// One number a pair, from log-probabilities of whole answers: sums over tokens, or means where `isAveraged` of
    /// ``sequenceLogProbs`` says so, as TRL's IPO has it.
    func terms(chosen_B: Tensor, rejected_B: Tensor, referenceChosen_B: Tensor, referenceRejected_B: Tensor) -> Tensor {
        let delta_B = (chosen_B - referenceChosen_B) - (rejected_B - referenceRejected_B)
        switch self {
        case .dpo(let beta, let smoothing):
            let right_B = (delta_B * beta).logSigmoid() * -(1 - smoothing)
            return smoothing == 0 ? right_B : right_B - (delta_B * -beta).logSigmoid() * smoothing
        case .ipo(let beta):
            let error_B = delta_B - 1 / (2 * beta)
            return error_B * error_B
        }
    }

    /// Log-probabilities of answers from their tokens': `[B, T]` to `[B]`.
    static func sequenceLogProbs(_ logProbs_BT: Tensor, mask_BT: Tensor, isAveraged: Bool = false) -> Tensor {
        let sum_B = (logProbs_BT * mask_BT).sum(dim: 1)
        return isAveraged ? sum_B / mask_BT.sum(dim: 1).clamp(min: 1) : sum_B
    }
}
