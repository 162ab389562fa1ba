import HoneProblems

/// A measure of agreement with a 95 % interval.
public struct AgreementEstimate: Sendable, Hashable, Encodable {
    public let coefficient: Coefficient
    /// Nil where the coefficient is undefined, or in more than one resample of twenty.
    public let interval: ClosedRange<Double>?

    private enum CodingKeys: String, CodingKey {
        case lower, upper
    }

    public func encode(to encoder: any Encoder) throws {
        try coefficient.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(interval?.lowerBound, forKey: .lower)
        try container.encodeIfPresent(interval?.upperBound, forKey: .upper)
    }
}

/// The coefficients of one set of tasks, and what they are when its tasks are drawn anew.
///
/// The percentile bootstrap over tasks (Efron 1979): the steps of one task stand or fall together, so tasks are drawn
/// and not steps.
struct AgreementEstimates: Sendable {
    let alpha: AgreementEstimate
    let fleiss: AgreementEstimate
    /// Of the two labellers, where there are exactly two.
    let cohen: AgreementEstimate?

    static let resampleCount = 1000

    init(
        _ tasks: RatedTasks, level: KrippendorffAlpha.Level, labellerCount: Int,
        resampleCount: Int = Self.resampleCount
    ) {
        let units = UnitCounts(tasks)
        func coefficients(_ counts: [Int]) -> [Coefficient] {
            units.coefficients(counts, level, isOfTwo: labellerCount == 2)
        }
        let found = coefficients(tasks.counts)
        let shared = tasks.tasks.filter { units.isShared(Int($0)) }
        var resampled = [[Double]](repeating: [], count: found.count)
        var random = RandomSource(seed: 1)
        for _ in 0..<(shared.count > 1 ? resampleCount : 0) {
            var counts = [Int](repeating: 0, count: tasks.distinct.count)
            for _ in shared.indices { counts[Int(shared[random.integer(0...shared.count - 1)])] += 1 }
            for (place, coefficient) in coefficients(counts).enumerated() {
                if let value = coefficient.value { resampled[place].append(value) }
            }
        }
        let estimates = zip(found, resampled).map { coefficient, values in
            AgreementEstimate(
                coefficient: coefficient,
                interval: coefficient.value == nil ? nil : Self.interval(values, of: resampleCount))
        }
        alpha = estimates[0]
        fleiss = estimates[1]
        cohen = labellerCount == 2 ? estimates[2] : nil
    }

    private static func interval(_ values: [Double], of count: Int) -> ClosedRange<Double>? {
        guard values.count * 20 >= count * 19, count > 0 else { return nil }
        let sorted = values.sorted()
        return sorted[sorted.count / 40]...sorted[sorted.count - 1 - sorted.count / 40]
    }
}

/// How often each set of values on one unit occurs in each of the tasks that differ.
private struct UnitCounts {
    /// By labeller.
    private var distinct: [[Double]] = []
    /// Of every task, which of `distinct` it has and how often.
    private var byTask: [[Int: Int]] = []

    init(_ tasks: RatedTasks) {
        var places: [[Double]: Int] = [:]
        for units in tasks.distinct {
            var counts: [Int: Int] = [:]
            for unit in units where unit.count > 1 {
                let values = unit.map { Double($0.value) }
                let place = places[values] ?? distinct.count
                if place == distinct.count { distinct.append(values) }
                places[values] = place
                counts[place, default: 0] += 1
            }
            byTask.append(counts)
        }
    }

    /// Whether the task has a unit with two labels.
    func isShared(_ task: Int) -> Bool { !byTask[task].isEmpty }

    func coefficients(_ taskCounts: [Int], _ level: KrippendorffAlpha.Level, isOfTwo: Bool) -> [Coefficient] {
        var unitCounts = [Int](repeating: 0, count: distinct.count)
        for (task, count) in taskCounts.enumerated() where count > 0 {
            for (unit, times) in byTask[task] { unitCounts[unit] += count * times }
        }
        var (alpha, fleiss, cohen) = (KrippendorffAlpha(), FleissKappa(), CohenKappa<Double>())
        for (values, count) in zip(distinct, unitCounts) where count > 0 {
            alpha.add(values, times: count)
            fleiss.add(values, times: count)
            if isOfTwo { cohen.add(values[0], values[1], times: count) }
        }
        return [alpha.coefficient(level), fleiss.coefficient, cohen.coefficient]
    }
}
