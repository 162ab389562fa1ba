/// How the votes of labellers are counted.
public enum LabellerWeighting: String, Codable, Sendable, CaseIterable {
    /// One labeller, one vote.
    case equal
    /// Labellers who agree with others count more, and who agree as little as chance, not at all.
    case agreement
    /// By the reliability that ``DawidSkene`` finds: a vote counts as much as it shifts the odds of the two sides.
    case reliability
}

/// What each labeller's vote weighs.
struct LabellerWeights: Sendable {
    static let equal = LabellerWeights([:])

    private let byName: [String: Double]

    init(_ byName: [String: Double]) {
        self.byName = byName
    }

    subscript(labeller: String) -> Double { byName[labeller] ?? 1 }
}
