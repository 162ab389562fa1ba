import HoneEvaluation

/// A candidate whose true differences from the active checkpoint are known, put before the gate's own rule.
struct SimulatedCandidate {
    /// What is planted.
    enum Kind: String, CaseIterable {
        case lossOnAGuard = "loss on a guard"
        case lossOnTheTarget = "loss on the target"
        case noLoss = "no loss"
    }

    let kind: Kind
    let promptCount: Int
    /// The share of prompts on which the two disagree where neither is better.
    let churn: Double
    let gain: Double
    let loss: Double
    let guardCount: Int

    /// Draws every answer of one candidate, and asks whether the gate would keep it from being served.
    func isBlocked(margin: Double, using random: inout SimulationRandom) -> Bool {
        let target = comparison(difference: kind == .lossOnTheTarget ? -loss : gain, using: &random)
        let struck = Int(random.next() % UInt64(guardCount))
        let guards = (0..<guardCount).map { index in
            comparison(difference: kind == .lossOnAGuard && index == struck ? -loss : 0, using: &random)
        }
        return !target.isImprovement || !guards.allSatisfy { $0.showsLossBelow(margin) }
    }

    /// The paired counts of independent prompts whose true difference is given.
    private func comparison(difference: Double, using random: inout SimulationRandom) -> PairedComparison {
        let disagreement = max(churn, abs(difference))
        let gainedShare = (disagreement + difference) / 2
        var (gained, lost) = (0, 0)
        for _ in 0..<promptCount {
            let draw = random.share()
            if draw < gainedShare { gained += 1 } else if draw < disagreement { lost += 1 }
        }
        return PairedComparison(both: promptCount - gained - lost, gained: gained, lost: lost, neither: 0)
    }
}

/// SplitMix64, so that a simulation can be repeated.
struct SimulationRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// Uniform in 0..<1.
    mutating func share() -> Double { Double(next() >> 11) * 0x1p-53 }
}
