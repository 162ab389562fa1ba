#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Two models on the same examples: how much more often the candidate is right, with a 95 % interval.
///
/// The interval is Tango's score interval for paired shares (see ``PairedScoreBound``); it is honest even when the two
/// never disagree. The p-value is McNemar's exact test, two-sided.
public struct PairedComparison: Codable, Sendable, Equatable {
    /// Examples that both answered; nothing else is compared.
    public let count: Int
    /// Right by the candidate only.
    public let gainedCount: Int
    /// Right by the baseline only.
    public let lostCount: Int
    public let candidate: Proportion
    public let baseline: Proportion
    /// candidate - baseline, as a share (0.02 is two points).
    public let difference: Double
    public let lower: Double
    public let upper: Double
    public let pValue: Double

    enum CodingKeys: String, CodingKey {
        case count, candidate, baseline, difference, lower, upper
        case gainedCount = "gained_count"
        case lostCount = "lost_count"
        case pValue = "p_value"
    }

    /// Compares by key; an example that only one side answered is left out.
    public init(candidate: [String: Bool], baseline: [String: Bool]) {
        var (both, gained, lost, neither) = (0, 0, 0, 0)
        for (key, candidateIsRight) in candidate {
            guard let baselineIsRight = baseline[key] else { continue }
            switch (candidateIsRight, baselineIsRight) {
            case (true, true): both += 1
            case (true, false): gained += 1
            case (false, true): lost += 1
            case (false, false): neither += 1
            }
        }
        self.init(both: both, gained: gained, lost: lost, neither: neither)
    }

    /// Compares from the four cells of the paired table.
    public init(both: Int, gained: Int, lost: Int, neither: Int) {
        count = both + gained + lost + neither
        gainedCount = gained
        lostCount = lost
        candidate = Proportion(successCount: both + gained, count: count)
        baseline = Proportion(successCount: both + lost, count: count)
        pValue = Self.exactMcNemar(gained, lost)
        guard count > 0 else {
            (difference, lower, upper) = (0, -1, 1)
            return
        }
        difference = Double(gained - lost) / Double(count)
        let bound = PairedScoreBound(count: count, z: Proportion.z)
        lower = bound.lower(gained: gained, lost: lost)
        upper = -bound.lower(gained: lost, lost: gained)
    }

    /// Twice the smaller tail of Binomial(gained + lost, 1/2), at most 1; exact up to rounding.
    static func exactMcNemar(_ gained: Int, _ lost: Int) -> Double {
        let n = gained + lost
        guard n > 0 else { return 1 }
        let logTotal = Double(n) * 0.6931471805599453
        var tail = 0.0
        var logChoose = 0.0
        for k in 0...min(gained, lost) {
            if k > 0 { logChoose += log(Double(n - k + 1) / Double(k)) }
            tail += exp(logChoose - logTotal)
        }
        return min(1, 2 * tail)
    }
}
