/// How good a response was, and compared to what.
public enum AdvantageEstimator: String, Codable, Sendable, CaseIterable {
    /// Token by token against a critic (Schulman et al. 2016, arXiv:1506.02438).
    case gae
    /// Against the other answers to the prompt, in units of their spread (Shao et al. 2024, arXiv:2402.03300, 4.1.2).
    case grpo
    /// The same without the spread (Liu et al. 2025, arXiv:2503.20783).
    case drGRPO = "dr_grpo"
    /// Against the mean of the others alone (Ahmadian et al. 2024, arXiv:2402.14740, equation 8).
    case rloo
    /// Against the group's mean, then whitened over the batch's tokens (Hu et al. 2025, arXiv:2501.03262).
    case reinforceBaseline = "reinforce_baseline"

    /// Whether a response's tokens all have its advantage.
    public var isByGroup: Bool { self != .gae }

    /// Advantages of the answers to one prompt. An answer without a score is left out of the comparison and gets 0;
    /// so do all where the scores are the same, or only one is there.
    ///
    /// - Parameters:
    ///   - scores: nil where an answer could not be judged
    ///   - epsilon: added to the standard deviation, which divides by n - 1
    /// - Returns: one number an answer
    func advantages(of scores: [Double?], epsilon: Double = 1e-6) -> [Double] {
        precondition(isByGroup, "\(rawValue) takes its advantages from a critic")
        let known = scores.compactMap(\.self)
        guard let first = known.first, known.contains(where: { $0 != first }) else { return scores.map { _ in 0 } }
        let count = Double(known.count)
        let mean = known.reduce(0, +) / count
        let scale =
            switch self {
            case .grpo:
                1 / ((known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot() + epsilon)
            case .rloo: count / (count - 1)
            case .gae, .drGRPO, .reinforceBaseline: 1.0
            }
        return scores.map { score in score.map { ($0 - mean) * scale } ?? 0 }
    }
}
