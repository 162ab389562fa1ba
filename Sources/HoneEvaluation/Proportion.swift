#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#endif

/// A measured share of successes with its Wilson score interval at 95 %.
///
/// The interval stays inside 0…1 and keeps its coverage for small counts and for shares near 0 and 1
/// (Wilson 1927; Brown, Cai and DasGupta 2001).
public struct Proportion: Codable, Sendable, Equatable {
    public let successCount: Int
    public let count: Int
    /// successCount / count, or 0 when nothing was counted.
    public let value: Double
    /// Lower end of the 95 % interval (0 when nothing was counted).
    public let lower: Double
    /// Upper end of the 95 % interval (1 when nothing was counted).
    public let upper: Double

    enum CodingKeys: String, CodingKey {
        case successCount = "success_count"
        case count, value, lower, upper
    }

    /// The 97.5 % quantile of the standard normal distribution.
    static let z = 1.959963984540054

    public init(successCount: Int, count: Int) {
        precondition(count >= 0 && (0...count).contains(successCount), "\(successCount) successes out of \(count)")
        self.successCount = successCount
        self.count = count
        guard count > 0 else {
            (value, lower, upper) = (0, 0, 1)
            return
        }
        let n = Double(count)
        let p = Double(successCount) / n
        let z2 = Self.z * Self.z
        let center = (p + z2 / (2 * n)) / (1 + z2 / n)
        let halfWidth = Self.z / (1 + z2 / n) * (p * (1 - p) / n + z2 / (4 * n * n)).squareRoot()
        value = p
        lower = successCount == 0 ? 0 : max(0, center - halfWidth)
        upper = successCount == count ? 1 : min(1, center + halfWidth)
    }
}
