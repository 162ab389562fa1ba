internal import HoneTensor

/// A process reward model's loss: two classes at each step's separator, nothing elsewhere (Lightman et al. 2023,
/// arXiv:2305.20050; Uesato et al. 2022, arXiv:2211.14275).
enum StepRewardLoss {
    /// Marks a token that carries no label.
    static let noLabel = -100

    /// Cross-entropy of wrong (0) and right (1).
    ///
    /// - Parameters:
    ///   - logits_N2: at the separators
    ///   - labels_N: 0 or 1, or `noLabel`
    /// - Returns: a scalar, the mean over labels
    static func loss(logits_N2: Tensor, labels_N: Tensor) -> Tensor {
        logits_N2.crossEntropy(labels_N, ignoreIndex: noLabel)
    }

    /// Labels from ratings of a solution's steps in order: +1 right, 0 neither, -1 wrong.
    ///
    /// Steps behind the first wrong one carry no label: what follows an error cannot be judged on its own. A step that
    /// is neither counts as right, as in the paper.
    static func labels(ratings: [Int]) -> [Int] {
        let firstError = ratings.firstIndex { $0 < 0 } ?? ratings.count
        return ratings.indices.map { $0 > firstError ? noLabel : ratings[$0] < 0 ? 0 : 1 }
    }
}

/// How the probabilities that steps are right become one score of the solution.
public enum StepAggregation: String, Codable, Sendable, CaseIterable {
    case minimum
    case product
    case last

    /// The score of a solution; nil without steps.
    public func score(_ probabilities: [Double]) -> Double? {
        switch self {
        case .minimum: probabilities.min()
        case .product: probabilities.isEmpty ? nil : probabilities.reduce(1, *)
        case .last: probabilities.last
        }
    }
}
