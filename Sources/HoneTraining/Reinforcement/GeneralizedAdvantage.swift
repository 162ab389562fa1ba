internal import HoneTensor

/// Generalized advantage estimation (Schulman et al. 2016, arXiv:1506.02438, equation 16).
struct GeneralizedAdvantage {
    /// Weight of the next token's value.
    var discount = 1.0
    /// Between one step's error (0) and the whole return (1).
    var lambda = 0.95

    /// Advantages and what the critic shall predict, `[B, T]` each, 0 where no token counts.
    ///
    /// δ_t = r_t + γ V_{t+1} - V_t and A_t = δ_t + γ λ A_{t+1}. Tokens that do not count are stepped over: the value
    /// and the advantage behind them carry through, and behind the last one both are 0. Returns are A + V, before any
    /// whitening.
    func estimate(
        rewards_BT: Tensor, values_BT: Tensor, mask_BT: Tensor
    ) -> (advantages_BT: Tensor, returns_BT: Tensor) {
        var nextValue_B = values_BT.select(1, 0).zerosLike()
        var advantage_B = nextValue_B
        var columns: [Tensor] = []
        for t in (0..<rewards_BT.size(1)).reversed() {
            let (reward_B, value_B, counts_B) = (
                rewards_BT.select(1, t), values_BT.select(1, t), mask_BT.select(1, t)
            )
            let delta_B = reward_B + nextValue_B * discount - value_B
            let next_B = delta_B + advantage_B * (discount * lambda)
            advantage_B = Tensor.where(counts_B .> 0, next_B, advantage_B)
            nextValue_B = Tensor.where(counts_B .> 0, value_B, nextValue_B)
            columns.append(advantage_B)
        }
        let advantages_BT = Tensor.stack(columns.reversed(), dim: 1) * mask_BT
        return (advantages_BT, (advantages_BT + values_BT) * mask_BT)
    }
}
