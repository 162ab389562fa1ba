/// Fleiss' kappa (1971, "Measuring nominal scale agreement among many raters"): (P - P_e) / (1 - P_e), where P is the
/// mean share of pairs of labels that agree on a unit and P_e what the categories' shares would give by chance.
///
/// Every unit needs as many labels as every other; ``KrippendorffAlpha`` does without that.
public struct FleissKappa: Sendable {
    private var unitCounts: [Int: Int] = [:]
    private var agreement = 0.0
    private var totals: [Double: Double] = [:]

    public init() {}

    /// Adds what the labellers said about one unit, or about so many alike.
    public mutating func add(_ values: [Double], times count: Int = 1) {
        guard values.count > 1, count > 0 else { return }
        unitCounts[values.count, default: 0] += count
        let tallies = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
        let agreeing = tallies.values.reduce(0) { $0 + $1 * ($1 - 1) }
        agreement += Double(count * agreeing) / Double(values.count * (values.count - 1))
        for (value, tally) in tallies { totals[value, default: 0] += Double(count * tally) }
    }

    public var coefficient: Coefficient {
        guard let (labelCount, unitCount) = unitCounts.first else { return .undefined("no unit has two labels") }
        guard unitCounts.count == 1 else {
            let (least, most) = (unitCounts.keys.min() ?? 0, unitCounts.keys.max() ?? 0)
            return .undefined("units have from \(least) to \(most) labels, and it needs as many on each")
        }
        guard totals.count > 1 else { return .undefined("all labels are the same, so that chance explains them") }
        let all = Double(labelCount * unitCount)
        let expected = totals.values.reduce(0) { $0 + ($1 / all) * ($1 / all) }
        return .value((agreement / Double(unitCount) - expected) / (1 - expected))
    }
}
