/// An exact fraction of 64-bit integers, always reduced, with a positive denominator.
///
/// Arithmetic throws ``ProblemError/overflow`` where the reduced result does not fit; it never rounds and never traps.
public struct Rational: Hashable, Sendable {
    public let numerator: Int64
    public let denominator: Int64

    public static let zero = Rational(0)
    public static let one = Rational(1)

    public init(_ integer: Int64) {
        numerator = integer
        denominator = 1
    }

    /// - Throws: ``ProblemError/divisionByZero``, or ``ProblemError/overflow`` for `Int64.min` over a negative number.
    public init(_ numerator: Int64, over denominator: Int64) throws(ProblemError) {
        try self.init(reducing: Int128(numerator), over: Int128(denominator))
    }

    private init(reducing numerator: Int128, over denominator: Int128) throws(ProblemError) {
        guard denominator != 0 else { throw .divisionByZero }
        let divisor = Self.greatestCommonDivisor(numerator.magnitude, denominator.magnitude)
        let sign: Int128 = denominator < 0 ? -1 : 1
        guard
            let reducedNumerator = Int64(exactly: sign * numerator / Int128(divisor)),
            let reducedDenominator = Int64(exactly: sign * denominator / Int128(divisor))
        else { throw .overflow }
        self.numerator = reducedNumerator
        self.denominator = reducedDenominator
    }

    public var isInteger: Bool { denominator == 1 }

    public static func + (left: Rational, right: Rational) throws(ProblemError) -> Rational {
        try Rational(
            reducing: left.wideNumerator * right.wideDenominator + right.wideNumerator * left.wideDenominator,
            over: left.wideDenominator * right.wideDenominator)
    }

    public static func - (left: Rational, right: Rational) throws(ProblemError) -> Rational {
        try Rational(
            reducing: left.wideNumerator * right.wideDenominator - right.wideNumerator * left.wideDenominator,
            over: left.wideDenominator * right.wideDenominator)
    }

    public static func * (left: Rational, right: Rational) throws(ProblemError) -> Rational {
        try Rational(
            reducing: left.wideNumerator * right.wideNumerator, over: left.wideDenominator * right.wideDenominator)
    }

    public static func / (left: Rational, right: Rational) throws(ProblemError) -> Rational {
        try Rational(
            reducing: left.wideNumerator * right.wideDenominator, over: left.wideDenominator * right.wideNumerator)
    }

    // A product of two 64-bit integers, and the sum of two such products, fit 128 bits.
    private var wideNumerator: Int128 { Int128(numerator) }
    private var wideDenominator: Int128 { Int128(denominator) }

    private static func greatestCommonDivisor(_ left: UInt128, _ right: UInt128) -> UInt128 {
        var (larger, smaller) = (left, right)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}

extension Rational: Comparable {
    public static func < (left: Rational, right: Rational) -> Bool {
        left.wideNumerator * right.wideDenominator < right.wideNumerator * left.wideDenominator
    }
}

extension Rational: CustomStringConvertible {
    /// `7`, `-3` or `5/2`.
    public var description: String { isInteger ? "\(numerator)" : "\(numerator)/\(denominator)" }
}
