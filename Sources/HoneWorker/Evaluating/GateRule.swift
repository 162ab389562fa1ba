import Foundation
import HoneEvaluation

/// When a candidate may be served: its metrics are within their limits, it is better than what is served on the target,
/// and it has lost no more than the margin on any guard.
struct GateRule: Sendable {
    /// Metrics and the least that each must reach.
    let thresholds: [String: Double]
    /// Metrics and the most that each may be.
    var budgets: [String: Double] = [:]

    struct Decision: Sendable, Equatable {
        let isPassed: Bool
        let reason: String
    }

    /// A suite on which the candidate must not have lost the margin.
    struct Guard: Sendable {
        let name: String
        let margin: Double
        let comparison: PairedComparison
    }

    /// Decides on what was found; each comparison is with the active checkpoint, and nil if none is served.
    /// - Parameters:
    ///   - metrics: the candidate's.
    ///   - comparison: on the examples of its evaluation, where no target is named: it must be right as often.
    ///   - target: where it must be shown to be better.
    ///   - guards: where it must be shown not to have lost the margin.
    /// - Returns: Whether it may be served, and every fault, or why it may.
    func decide(
        metrics: [String: Double], comparison: PairedComparison?, target: PairedComparison? = nil, guards: [Guard] = []
    ) -> Decision {
        let faults =
            thresholds.sorted { $0.key < $1.key }.compactMap { Self.fault($0.key, least: $0.value, metrics) }
            + budgets.sorted { $0.key < $1.key }.compactMap { Self.fault($0.key, most: $0.value, metrics) }
            + [comparison.flatMap(Self.fault), target.flatMap(Self.targetFault)].compactMap(\.self)
            + guards.compactMap(Self.fault)
        guard faults.isEmpty else { return Decision(isPassed: false, reason: faults.joined(separator: "; ")) }
        return Decision(isPassed: true, reason: praise(comparison, target, guards))
    }

    private static func fault(_ name: String, least: Double, _ metrics: [String: Double]) -> String? {
        guard let value = metrics[name] else { return absent(name, metrics) }
        return value >= least ? nil : "\(name) is \(value), below \(least)"
    }

    private static func fault(_ name: String, most: Double, _ metrics: [String: Double]) -> String? {
        guard let value = metrics[name] else { return absent(name, metrics) }
        return value <= most ? nil : "\(name) is \(value), above \(most)"
    }

    private static func absent(_ name: String, _ metrics: [String: Double]) -> String {
        "the evaluation has no metric \"\(name)\"; it has: \(metrics.keys.sorted().joined(separator: ", "))"
    }

    private static func fault(_ comparison: PairedComparison) -> String? {
        if comparison.count == 0 { return "no example was answered by both the candidate and the active checkpoint" }
        guard comparison.gainedCount < comparison.lostCount else { return nil }
        return "worse than the active checkpoint on \(comparison.count) examples: right on "
            + "\(comparison.candidate.successCount), the active one on \(comparison.baseline.successCount)"
    }

    private static func targetFault(_ comparison: PairedComparison) -> String? {
        comparison.isImprovement
            ? nil : "not shown to be better than the active checkpoint on the target: \(words(comparison))"
    }

    private static func fault(_ suite: Guard) -> String? {
        guard !suite.comparison.showsLossBelow(suite.margin) else { return nil }
        let margin = String(format: "%.1f", suite.margin * 100)
        return "a loss of \(margin) points on guard \(suite.name) is not ruled out: \(words(suite.comparison))"
    }

    /// The difference in points with its interval.
    private static func words(_ comparison: PairedComparison) -> String {
        let shares = [comparison.difference, comparison.lower, comparison.upper]
        let points = shares.map { String(format: "%+.1f", $0 * 100) }
        return "\(points[0]) points on \(comparison.count) prompts (95 %: \(points[1]) to \(points[2]))"
    }

    private func praise(_ comparison: PairedComparison?, _ target: PairedComparison?, _ guards: [Guard]) -> String {
        var parts = [thresholds.isEmpty ? "no thresholds were set" : "all thresholds are reached"]
        if !budgets.isEmpty { parts.append("all budgets are kept") }
        if let target { parts.append("better on the target: \(Self.words(target))") }
        if !guards.isEmpty { parts.append("no loss beyond the margin on \(guards.count) guards") }
        if let comparison {
            parts.append(
                "right on \(comparison.candidate.successCount) of \(comparison.count) examples, the active checkpoint "
                    + "on \(comparison.baseline.successCount)")
        } else if target == nil {
            parts.append("nothing was served before")
        }
        return parts.joined(separator: "; ")
    }
}
