internal import HoneTensor

/// The loss of a reward model on pairs of answers (Bradley and Terry 1952; Stiennon et al. 2020, arXiv:2009.01325).
///
/// -w [p log σ(r_c - r_r - m) + (1 - p) log σ(r_r - r_c + m)], the mean over pairs by their weights, plus
/// c · mean (r_c + r_r)², which keeps rewards near zero (Eisenstein et al. 2023, arXiv:2312.09244). A pair in favour of
/// the first has p = 1, a tie 1/2; the margin m says how clear the favour is (Touvron et al. 2023, arXiv:2307.09288).
struct BradleyTerryLoss: Sendable, Equatable {
    /// The weight c of the pull towards zero.
    var centring = 0.0

    /// - Parameters:
    ///   - chosen_B: rewards of the answers that were preferred
    ///   - rejected_B: rewards of the others
    ///   - margin_B: 0 where left out, and for ties
    ///   - preference_B: p; 1 where left out
    ///   - weight_B: 1 where left out
    /// - Returns: a scalar
    func callAsFunction(
        chosen_B: Tensor, rejected_B: Tensor, margin_B: Tensor? = nil, preference_B: Tensor? = nil,
        weight_B: Tensor? = nil
    ) -> Tensor {
        var difference_B = chosen_B - rejected_B
        if let margin_B { difference_B = difference_B - margin_B }
        var loss_B = -difference_B.logSigmoid()
        if let preference_B {
            loss_B = preference_B * loss_B - (1 - preference_B) * (-difference_B).logSigmoid()
        }
        if centring > 0 {
            let sum_B = chosen_B + rejected_B
            loss_B = loss_B + sum_B * sum_B * centring
        }
        guard let weight_B else { return loss_B.mean() }
        return (weight_B * loss_B).sum() / weight_B.sum()
    }
}
