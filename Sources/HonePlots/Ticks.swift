import Foundation

/// Round numbers along an axis, and how they are written.
struct Ticks {
    /// What the axis spans.
    let range: ClosedRange<Double>
    /// From the one at or above the range's beginning to the one at or below its end.
    let values: [Double]
    private let interval: Double
    private let largest: Double

    /// About `count` ticks inside a range, a 1, 2 or 5 and zeros apart.
    init(_ range: ClosedRange<Double>, about count: Int = 5) {
        self.init(Self.widened(range), interval: Self.interval(Self.widened(range), about: count))
    }

    /// About `count` ticks, the first and the last at the ends of a range that is as wide as it takes.
    init(rounding range: ClosedRange<Double>, about count: Int = 5) {
        let range = Self.widened(range)
        let interval = Self.interval(range, about: count)
        let low = (range.lowerBound / interval + 1e-9).rounded(.down) * interval
        let high = (range.upperBound / interval - 1e-9).rounded(.up) * interval
        self.init(low...max(low + interval, high), interval: interval)
    }

    private init(_ range: ClosedRange<Double>, interval: Double) {
        let first = (range.lowerBound / interval - 1e-9).rounded(.up)
        let last = max(first, (range.upperBound / interval + 1e-9).rounded(.down))
        values = stride(from: first, through: last, by: 1).map { $0 * interval }
        largest = values.map(\.magnitude).max() ?? 0
        self.range = range
        self.interval = interval
    }

    /// A range with a length that can be told from its ends.
    static func widened(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
        let size = max(range.lowerBound.magnitude, range.upperBound.magnitude)
        if range.upperBound - range.lowerBound > size * 1e-6 { return range }
        return size == 0 ? -1...1 : range.lowerBound - size / 2...range.upperBound + size / 2
    }

    private static func interval(_ range: ClosedRange<Double>, about count: Int) -> Double {
        let exact = (range.upperBound - range.lowerBound) / Double(count)
        let power = pow(10, log10(exact).rounded(.down))
        let factor = [1.0, 2, 5].first { $0 * power >= exact * 0.75 } ?? 10
        return factor * power
    }

    /// A tick as text: `0.25`, `12,000`, `1.5e-5`.
    func label(_ value: Double) -> String {
        let power = Self.power(interval)
        guard largest < 1e7, power > -5 else { return scientific(value, intervalPower: power) }
        return Self.fixed(value, decimalCount: max(0, -power))
    }

    private func scientific(_ value: Double, intervalPower: Int) -> String {
        if value.magnitude < interval / 2 { return "0" }
        let power = Self.power(largest)
        let mantissa = Self.fixed(value / pow(10, Double(power)), decimalCount: max(0, power - intervalPower))
        return "\(mantissa)e\(power)"
    }

    /// Of the power of ten at or below a number.
    private static func power(_ value: Double) -> Int {
        Int((log10(value) + 1e-9).rounded(.down))
    }

    /// With so many digits after the point and commas between thousands.
    static func fixed(_ value: Double, decimalCount: Int) -> String {
        let scaled = Int((value.magnitude * pow(10, Double(decimalCount))).rounded())
        var digits = String(scaled)
        digits = String(repeating: "0", count: max(0, decimalCount + 1 - digits.count)) + digits
        var whole = String(digits.dropLast(decimalCount))
        for place in stride(from: whole.count - 3, to: 0, by: -3) {
            whole.insert(",", at: whole.index(whole.startIndex, offsetBy: place))
        }
        let sign = value < 0 && scaled != 0 ? "−" : ""
        return sign + whole + (decimalCount > 0 ? "." + digits.suffix(decimalCount) : "")
    }
}
