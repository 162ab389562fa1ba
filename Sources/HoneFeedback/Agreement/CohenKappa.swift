/// Cohen's kappa of two labellers on what both labelled (Cohen 1960): (p_o - p_e) / (1 - p_e).
public struct CohenKappa<Category: Hashable & Sendable>: Sendable {
    private var counts: [Pair: Int] = [:]

    private struct Pair: Hashable, Sendable {
        let first: Category
        let second: Category
    }

    public init() {}

    /// Counts one unit that both judged, or so many alike.
    public mutating func add(_ first: Category, _ second: Category, times count: Int = 1) {
        counts[Pair(first: first, second: second), default: 0] += count
    }

    public var unitCount: Int { counts.values.reduce(0, +) }

    public var coefficient: Coefficient {
        let total = Double(unitCount)
        guard total > 0 else { return .undefined("the two have no unit in common") }
        var rows: [Category: Double] = [:]
        var columns: [Category: Double] = [:]
        var observed = 0.0
        for (pair, count) in counts {
            rows[pair.first, default: 0] += Double(count) / total
            columns[pair.second, default: 0] += Double(count) / total
            if pair.first == pair.second { observed += Double(count) / total }
        }
        let expected = rows.reduce(0) { $0 + $1.value * (columns[$1.key] ?? 0) }
        guard expected < 1 else { return .undefined("both chose the same category every time") }
        return .value((observed - expected) / (1 - expected))
    }
}
