/// The lower bound of Tango's score interval for the difference of two paired shares.
///
/// Source: Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
/// design", Statistics in Medicine 17 (1998), equations 8, 11 and 12. The bound is the difference at which the score
/// statistic, with the other share at its likeliest, equals z. It was chosen by measured errors, which
/// `Tests/Oracles/paired_intervals.py --rates` prints: Wald's interval and the bootstrap are far too sure of themselves
/// where the two rarely disagree, as a candidate and its parent do.
struct PairedScoreBound {
    /// Examples that both answered, at least one.
    let count: Int
    /// The quantile of the standard normal distribution: 1.96 errs 2.5 times in a hundred on this side.
    let z: Double

    /// The least difference `gained - lost`, as a share, that the counts do not speak against.
    func lower(gained: Int, lost: Int) -> Double {
        if lost == count { return -1 }
        // The statistic falls as the difference rises; it is 0 at the estimate.
        var (low, high) = (-1.0, Double(gained - lost) / Double(count))
        while high - low > 1e-13 {
            let middle = (low + high) / 2
            guard low < middle, middle < high else { break }
            if exceeds(middle, Double(gained), Double(lost)) { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// Whether the score statistic at a difference is above z.
    private func exceeds(_ difference: Double, _ gained: Double, _ lost: Double) -> Bool {
        let n = Double(count)
        let linear = -gained - lost + (2 * n - gained + lost) * difference
        let constant = -lost * difference * (1 - difference)
        let share = (max(0, linear * linear - 8 * n * constant).squareRoot() - linear) / (4 * n)
        let variance = n * (2 * share + difference * (1 - difference))
        return gained - lost - n * difference > z * max(0, variance).squareRoot()
    }
}
