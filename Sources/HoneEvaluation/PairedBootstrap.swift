import HoneProblems

/// The mean difference between two ways of answering the same prompts, with a 95 % interval.
///
/// The percentile bootstrap over prompts (Efron 1979, "Bootstrap methods: another look at the jackknife"), for scores
/// that are not just right and wrong, where ``PairedComparison`` has the better interval.
public struct PairedBootstrap: Codable, Sendable, Equatable {
    public let count: Int
    public let difference: Double
    public let lower: Double
    public let upper: Double

    /// - Parameters:
    ///   - differences: one a prompt
    ///   - resampleCount: how often prompts are drawn anew
    ///   - seed: of the draws
    public init(_ differences: [Double], resampleCount: Int = 2000, seed: UInt64 = 1) {
        precondition(!differences.isEmpty, "a comparison on no prompt")
        func mean(_ sum: Double) -> Double { sum / Double(differences.count) }
        var random = RandomSource(seed: seed)
        var means: [Double] = []
        means.reserveCapacity(resampleCount)
        for _ in 0..<resampleCount {
            var sum = 0.0
            for _ in differences.indices { sum += differences[random.integer(0...differences.count - 1)] }
            means.append(mean(sum))
        }
        means.sort()
        count = differences.count
        difference = mean(differences.reduce(0, +))
        lower = means[Int(0.025 * Double(resampleCount))]
        upper = means[min(resampleCount - 1, Int(0.975 * Double(resampleCount)))]
    }
}
