/// Krippendorff's alpha (2011, "Computing Krippendorff's Alpha-Reliability"): 1 - D_o / D_e over the coincidences of
/// values, for any number of labellers and with units that some of them left out.
public struct KrippendorffAlpha: Sendable {
    /// How far two values are apart.
    public enum Level: String, Sendable, CaseIterable {
        case nominal
        case ordinal
        case interval
    }

    /// o_ck: how often value c meets value k within a unit, each unit weighing as many as it has values.
    private var coincidences: [Double: [Double: Double]] = [:]
    /// Units with at least two values; others say nothing about agreement.
    public private(set) var pairableUnitCount = 0

    public init() {}

    /// Adds what the labellers said about one unit, or about so many alike.
    public mutating func add(_ values: [Double], times count: Int = 1) {
        guard values.count > 1, count > 0 else { return }
        pairableUnitCount += count
        let weight = Double(count) / Double(values.count - 1)
        for (i, value) in values.enumerated() {
            for (j, other) in values.enumerated() where i != j {
                coincidences[value, default: [:]][other, default: 0] += weight
            }
        }
    }

    public func coefficient(_ level: Level) -> Coefficient {
        let totals = coincidences.mapValues { $0.values.reduce(0, +) }
        let count = totals.values.reduce(0, +)
        guard count > 1 else { return .undefined("no unit has two labels") }
        guard totals.count > 1 else { return .undefined("all labels are the same, so that chance explains them") }
        let distance = Distance(level: level, totals: totals)
        var observed = 0.0
        var expected = 0.0
        for (value, row) in coincidences {
            for (other, weight) in row { observed += weight * distance.squared(value, other) }
            for (other, total) in totals where other != value {
                expected += (totals[value] ?? 0) * total * distance.squared(value, other)
            }
        }
        return .value(1 - (count - 1) * observed / expected)
    }
}

/// The squared difference functions of the levels.
private struct Distance {
    let level: KrippendorffAlpha.Level
    /// Each value with how many came before it, itself counted half, which is its place on the ordinal scale.
    private let places: [Double: Double]

    init(level: KrippendorffAlpha.Level, totals: [Double: Double]) {
        self.level = level
        var before = 0.0
        var places: [Double: Double] = [:]
        for (value, total) in totals.sorted(by: { $0.key < $1.key }) {
            places[value] = before + total / 2
            before += total
        }
        self.places = places
    }

    func squared(_ a: Double, _ b: Double) -> Double {
        if a == b { return 0 }
        let difference: Double =
            switch level {
            case .nominal: 1
            case .ordinal: (places[a] ?? 0) - (places[b] ?? 0)
            case .interval: a - b
            }
        return difference * difference
    }
}
