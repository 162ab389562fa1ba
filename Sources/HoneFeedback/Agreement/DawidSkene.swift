import Foundation

/// What is true of every unit and how each labeller errs, both from the labels alone.
///
/// Dawid and Skene 1979, "Maximum likelihood estimation of observer error-rates using the EM algorithm", with pseudo
/// counts so that few labels make nobody an oracle: one in every cell of a labeller's table, another on its diagonal,
/// one for every category's share. It begins with the shares of the votes and ends when no probability moves by 1e-9.
public struct DawidSkene: Sendable {
    public struct Vote: Hashable, Sendable {
        public let labeller: Int
        public let category: Int

        public init(labeller: Int, category: Int) {
            self.labeller = labeller
            self.category = category
        }
    }

    /// A unit, or several on which the same was said by the same.
    public struct Unit: Sendable {
        public let votes: [Vote]
        public let count: Int
        /// What is true where that is known, as of a gold question; nil otherwise.
        public let known: Int?

        public init(_ votes: [Vote], count: Int = 1, known: Int? = nil) {
            self.votes = votes
            self.count = count
            self.known = known
        }
    }

    /// The categories' shares.
    public private(set) var prior: [Double]
    /// By labeller, true category and what was said: p(said | true).
    public private(set) var confusion: [[[Double]]]
    /// By unit: the probability of each category.
    public private(set) var posteriors: [[Double]]

    private static let roundLimit = 500
    private static let tolerance = 1e-9

    public init(_ units: [Unit], labellerCount: Int, categoryCount: Int) {
        precondition(categoryCount > 1, "\(categoryCount) categories")
        prior = []
        confusion = []
        posteriors = units.map { unit in
            var shares = [Double](repeating: 0, count: categoryCount)
            for vote in unit.votes { shares[vote.category] += 1 / Double(unit.votes.count) }
            return Self.settled(shares, unit)
        }
        maximize(units, labellerCount, categoryCount)
        for _ in 0..<Self.roundLimit {
            let found = units.map { Self.settled(expectation($0), $0) }
            let change = zip(found, posteriors).reduce(0) { change, pair in
                zip(pair.0, pair.1).reduce(change) { max($0, abs($1.0 - $1.1)) }
            }
            posteriors = found
            maximize(units, labellerCount, categoryCount)
            if change < Self.tolerance { break }
        }
    }

    /// How probably a labeller says what is true, over the categories' shares.
    public func reliability(of labeller: Int) -> Double {
        zip(prior, confusion[labeller].enumerated()).reduce(0) { $0 + $1.0 * $1.1.element[$1.1.offset] }
    }

    /// By how much a labeller's vote for one of two categories shifts their log odds, the mean of both ways: 0 for who
    /// says the same whatever is true, and below for who says the opposite.
    public func weight(of labeller: Int, between first: Int, and second: Int) -> Double {
        let table = confusion[labeller]
        return (log(table[first][first] / table[second][first]) + log(table[second][second] / table[first][second])) / 2
    }

    private static func settled(_ shares: [Double], _ unit: Unit) -> [Double] {
        guard let known = unit.known else { return shares }
        return shares.indices.map { $0 == known ? 1 : 0 }
    }

    private func expectation(_ unit: Unit) -> [Double] {
        let logs = prior.indices.map { category in
            unit.votes.reduce(log(prior[category])) { $0 + log(confusion[$1.labeller][category][$1.category]) }
        }
        let greatest = logs.max() ?? 0
        let shares = logs.map { exp($0 - greatest) }
        let total = shares.reduce(0, +)
        return shares.map { $0 / total }
    }

    private mutating func maximize(_ units: [Unit], _ labellerCount: Int, _ categoryCount: Int) {
        let categories = 0..<categoryCount
        var shares = [Double](repeating: 1, count: categoryCount)
        let empty = categories.map { row in categories.map { $0 == row ? 2.0 : 1 } }
        var tables = [[[Double]]](repeating: empty, count: labellerCount)
        for (unit, posterior) in zip(units, posteriors) {
            for category in categories {
                let weight = Double(unit.count) * posterior[category]
                shares[category] += weight
                for vote in unit.votes { tables[vote.labeller][category][vote.category] += weight }
            }
        }
        prior = Self.normalized(shares)
        confusion = tables.map { $0.map(Self.normalized) }
    }

    private static func normalized(_ values: [Double]) -> [Double] {
        let total = values.reduce(0, +)
        return values.map { $0 / total }
    }
}
