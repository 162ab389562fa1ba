// How numbers are written in steps and answers.
extension Rational {
    /// Plain decimal text without trailing zeros ("51", "0.2"), or nil if the decimals never end.
    public var decimalText: String? {
        var scale: Int64 = 1
        var digits = 0
        while scale % denominator != 0 {
            guard digits < 18 else { return nil }
            scale *= 10
            digits += 1
        }
        let (scaled, overflow) = numerator.magnitude.multipliedReportingOverflow(by: UInt64(scale / denominator))
        guard !overflow else { return nil }
        let text = String(scaled)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        let point = digits == 0 ? "" : "."
        return (numerator < 0 ? "-" : "") + padded.dropLast(digits) + point + padded.suffix(digits)
    }

    /// As steps have it: decimals, or a fraction in parentheses where they never end.
    public var stepText: String { decimalText ?? "(\(self))" }
}
