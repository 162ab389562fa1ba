internal import HoneTensor

/// Where a response's score enters its tokens' rewards.
enum RewardPlacement: Sendable {
    /// At the last token that counts: the stop token, or where the response was cut off.
    case lastToken
    /// One place behind it where there is one, as in the code of Ziegler et al. 2019 and TRL: for comparisons alone.
    case tokenAfterLast

    /// r_t = -penalty_t, plus the score at its place and the steps' scores at theirs.
    ///
    /// - Parameters:
    ///   - scores_B: one score a response
    ///   - lengths_B: tokens that count, at least 1
    ///   - penalties_BT: what is taken off at every token, 0 where none counts
    ///   - steps_BT: scores of single steps at the places where they end
    /// - Returns: `[B, T]`
    func rewards(scores_B: Tensor, lengths_B: Tensor, penalties_BT: Tensor, steps_BT: Tensor? = nil) -> Tensor {
        let width = penalties_BT.size(1)
        let last_B = lengths_B - 1
        let places_B =
            switch self {
            case .lastToken: last_B
            case .tokenAfterLast: Tensor.where(lengths_B .< width, lengths_B, last_B)
            }
        let scores_BT = penalties_BT.zerosLike().scatter(
            1, index: places_B.unsqueeze(1), source: scores_B.to(penalties_BT.dtype).unsqueeze(1))
        let rewards_BT = scores_BT - penalties_BT
        return steps_BT.map { rewards_BT + $0 } ?? rewards_BT
    }
}
