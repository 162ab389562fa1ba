import HoneEvaluation

/// When a candidate may be served: its metrics reach their thresholds, and on the same examples it is right at least as
/// often as the checkpoint that is served now.
struct GateRule: Sendable {
    /// Metrics and the least that each must reach.
    let thresholds: [String: Double]

    struct Decision: Sendable, Equatable {
        let isPassed: Bool
        let reason: String
    }

    /// Decides on the candidate's metrics and its comparison with the active checkpoint, nil if none is served.
    func decide(metrics: [String: Double], comparison: PairedComparison?) -> Decision {
        let faults =
            thresholds.sorted { $0.key < $1.key }.compactMap { Self.fault($0.key, $0.value, metrics) }
            + (comparison.flatMap(Self.fault).map { [$0] } ?? [])
        guard faults.isEmpty else { return Decision(isPassed: false, reason: faults.joined(separator: "; ")) }
        return Decision(isPassed: true, reason: Self.praise(thresholds.count, comparison))
    }

    private static func fault(_ name: String, _ least: Double, _ metrics: [String: Double]) -> String? {
        guard let value = metrics[name] else {
            return "the evaluation has no metric \"\(name)\"; it has: \(metrics.keys.sorted().joined(separator: ", "))"
        }
        return value >= least ? nil : "\(name) is \(value), below \(least)"
    }

    private static func fault(_ comparison: PairedComparison) -> String? {
        if comparison.count == 0 { return "no example was answered by both the candidate and the active checkpoint" }
        guard comparison.gainedCount < comparison.lostCount else { return nil }
        return "worse than the active checkpoint on \(comparison.count) examples: right on "
            + "\(comparison.candidate.successCount), the active one on \(comparison.baseline.successCount)"
    }

    private static func praise(_ thresholdCount: Int, _ comparison: PairedComparison?) -> String {
        let thresholds = thresholdCount == 0 ? "no thresholds were set" : "all thresholds are reached"
        guard let comparison else { return "\(thresholds); nothing was served before" }
        return "\(thresholds); right on \(comparison.candidate.successCount) of \(comparison.count) examples, the "
            + "active checkpoint on \(comparison.baseline.successCount)"
    }
}
