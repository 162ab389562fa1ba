internal import HoneTokenizer

/// The JSON numbers between two bounds, digit by digit.
///
/// Numbers are written with at most ``wholeDigitCount`` digits before the point and ``fractionDigitCount`` behind it,
/// so that a model that goes on and on comes to an end; only a number without bounds may have an exponent.
struct NumberRange {
    private struct Bound {
        var value: Double
        var isInclusive = true
    }

    private let isWhole: Bool
    private let low: Bound?
    private let high: Bound?
    let expression: Expression

    static let wholeDigitCount = 18
    static let fractionDigitCount = 15

    static let any = NumberRange()

    private init() {
        (isWhole, low, high) = (false, nil, nil)
        expression = Self.unbounded(isWhole: false)
    }

    init(_ schema: OrderedJSON, isWhole: Bool, at place: String) throws(FormatError) {
        self.isWhole = isWhole
        low = try Self.bound("minimum", "exclusiveMinimum", of: schema, at: place) { $0 > $1 }
        high = try Self.bound("maximum", "exclusiveMaximum", of: schema, at: place) { $0 < $1 }
        guard low != nil || high != nil else {
            expression = Self.unbounded(isWhole: isWhole)
            return
        }
        let branches = Self.branches(low, high, isWhole: isWhole)
        if branches.isEmpty { throw .schema(place: place, "has no number between its bounds") }
        expression = .choice(branches)
    }

    /// The stricter of an inclusive and an exclusive bound.
    private static func bound(
        _ inclusive: String, _ exclusive: String, of schema: OrderedJSON, at place: String,
        isStricter: (Double, Double) -> Bool
    ) throws(FormatError) -> Bound? {
        var found: Bound?
        for keyword in [inclusive, exclusive] {
            guard let value = schema[keyword] else { continue }
            guard case .number(let number) = value else {
                throw .schema(place: "\(place)/\(keyword)", "is \(value.kind), not a number")
            }
            if let other = found, isStricter(other.value, number) { continue }
            found = Bound(value: number, isInclusive: keyword == inclusive)
        }
        return found
    }

    private static func unbounded(isWhole: Bool) -> Expression {
        let digit = Expression.byte(0x30...0x39)
        func digits(_ minimum: Int, _ maximum: Int) -> Expression {
            .repeated(digit, minimum: minimum, maximum: maximum)
        }
        let sign = Expression.optional(.text("-"))
        let whole = Expression.choice([
            .text("0"), .sequence([.byte(0x31...0x39), digits(0, wholeDigitCount - 1)]),
        ])
        if isWhole { return .sequence([sign, whole]) }
        let fraction = Expression.optional(.sequence([.text("."), digits(1, fractionDigitCount)]))
        let exponent = Expression.optional(
            .sequence([
                .choice([.text("e"), .text("E")]), .optional(.choice([.text("+"), .text("-")])), digits(1, 2),
            ]))
        return .sequence([sign, whole, fraction, exponent])
    }

    /// The numbers below 0 and the others, where there are such.
    private static func branches(_ low: Bound?, _ high: Bound?, isWhole: Bool) -> [Expression] {
        var branches: [Expression] = []
        let zero = Magnitude(0, isInclusive: true)
        if high.map({ $0.value >= 0 }) ?? true {
            let least = low.flatMap { $0.value > 0 ? Magnitude($0.value, isInclusive: $0.isInclusive) : nil }
            // Above 0 exactly, if 0 itself is refused.
            let excludesZero = low.map { $0.value == 0 && !$0.isInclusive } ?? false
            let most = high.map { Magnitude($0.value, isInclusive: $0.isInclusive) }
            let range = MagnitudeRange(
                low: least ?? (excludesZero ? Magnitude(0, isInclusive: false) : zero), high: most ?? .greatest,
                isWhole: isWhole)
            branches += range.expression.map { [$0] } ?? []
        }
        if low.map({ $0.value < 0 }) ?? true {
            let least = high.flatMap { $0.value < 0 ? Magnitude(-$0.value, isInclusive: $0.isInclusive) : nil }
            let most = low.map { Magnitude(-$0.value, isInclusive: $0.isInclusive) }
            let range = MagnitudeRange(
                low: least ?? Magnitude(0, isInclusive: false), high: most ?? .greatest, isWhole: isWhole)
            branches += range.expression.map { [.sequence([.text("-"), $0])] } ?? []
        }
        return branches
    }
}

/// A bound of 0 or more, in decimal digits.
struct Magnitude {
    var whole: Int
    /// Digits behind the point.
    var fraction: [UInt8]
    var isInclusive: Bool

    static let greatest = Magnitude(1e18, isInclusive: true)

    /// From the shortest decimal that names the number.
    init(_ value: Double, isInclusive: Bool) {
        let parts = "\(value)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = mantissa.joined().utf8.map { $0 - 0x30 }
        var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while point < 0 {
            digits.insert(0, at: 0)
            point += 1
        }
        self.isInclusive = isInclusive
        guard point <= NumberRange.wholeDigitCount || value < 1e18 else {
            (whole, fraction) = (999_999_999_999_999_999, [])
            self.isInclusive = true
            return
        }
        let padded = digits + [UInt8](repeating: 0, count: max(0, point - digits.count))
        whole = padded[..<point].reduce(0) { $0 * 10 + Int($1) }
        fraction = Array(padded[point...])
        while fraction.last == 0 { fraction.removeLast() }
    }
}

/// The decimals of 0 and more between two bounds.
struct MagnitudeRange {
    let low: Magnitude
    let high: Magnitude
    let isWhole: Bool

    private static let digit = Expression.byte(0x30...0x39)

    /// Nil where there is no such number.
    var expression: Expression? { isWhole ? wholeExpression : decimalExpression }

    private var wholeExpression: Expression? {
        let least = low.fraction.isEmpty && low.isInclusive ? low.whole : low.whole + 1
        let most = high.fraction.isEmpty && !high.isInclusive ? high.whole - 1 : high.whole
        return Self.whole(least, most)
    }

    private var decimalExpression: Expression? {
        func part(_ whole: Int, isLow: Bool, isHigh: Bool) -> Expression? {
            fraction(from: 0, isLow, isHigh).map { .sequence([.text("\(whole)"), $0]) }
        }
        if low.whole > high.whole { return nil }
        if low.whole == high.whole { return part(low.whole, isLow: true, isHigh: true) }
        let between = Self.whole(low.whole + 1, high.whole - 1).flatMap { whole in
            fraction(from: 0, false, false).map { Expression.sequence([whole, $0]) }
        }
        let parts = [
            part(low.whole, isLow: true, isHigh: false), between, part(high.whole, isLow: false, isHigh: true),
        ].compactMap { $0 }
        return parts.isEmpty ? nil : .choice(parts)
    }

    // MARK: Whole numbers

    private static func whole(_ low: Int, _ high: Int) -> Expression? {
        var branches: [Expression] = []
        var (least, length) = (low, "\(low)".count)
        while least <= high {
            let most = min(high, Int(String(repeating: "9", count: length)) ?? high)
            branches.append(sameLength("\(least)".utf8.map { $0 }[...], "\(most)".utf8.map { $0 }[...]))
            (least, length) = (most + 1, length + 1)
        }
        return branches.isEmpty ? nil : branches.count == 1 ? branches[0] : .choice(branches)
    }

    /// The numbers between two of as many digits; a bound that is nil is behind.
    private static func sameLength(_ low: ArraySlice<UInt8>?, _ high: ArraySlice<UInt8>?, count: Int? = nil)
        -> Expression
    {
        let count = count ?? low?.count ?? high?.count ?? 0
        if count == 0 { return .nothing }
        if low == nil, high == nil { return .repeated(digit, minimum: count, maximum: count) }
        let (first, last) = (low?.first ?? 0x30, high?.first ?? 0x39)
        if low != nil, high != nil, first == last {
            return .sequence([.byte(first...first), sameLength(low?.dropFirst(), high?.dropFirst())])
        }
        var branches: [Expression] = []
        var (inner, outer) = (first, last)
        if low != nil {
            branches.append(.sequence([.byte(first...first), sameLength(low?.dropFirst(), nil)]))
            inner += 1
        }
        if high != nil {
            branches.append(.sequence([.byte(last...last), sameLength(nil, high?.dropFirst())]))
            outer -= 1
        }
        if inner <= outer {
            branches.append(.sequence([.byte(inner...outer), sameLength(nil, nil, count: count - 1)]))
        }
        return .choice(branches)
    }

    // MARK: Fractions

    /// What may follow `index` digits behind the point that are those of the bounds flagged; nil where nothing may.
    private func fraction(from index: Int, _ isLow: Bool, _ isHigh: Bool) -> Expression? {
        let isLow = isLow && !(index >= low.fraction.count && low.isInclusive)
        let ends = mayEnd(at: index, isLow, isHigh)
        var more: Expression?
        if index < NumberRange.fractionDigitCount, !(isHigh && index >= high.fraction.count) {
            more = digits(from: index, isLow, isHigh)
        }
        if index == 0 { more = more.map { .sequence([.text("."), $0]) } }
        guard let more else { return ends ? .nothing : nil }
        return ends ? .optional(more) : more
    }

    private func digits(from index: Int, _ isLow: Bool, _ isHigh: Bool) -> Expression? {
        if !isLow, !isHigh {
            let rest = NumberRange.fractionDigitCount - index
            return .repeated(Self.digit, minimum: 1, maximum: rest)
        }
        let least = isLow && index < low.fraction.count ? low.fraction[index] : 0
        let most = isHigh ? high.fraction[index] : 9
        guard least <= most else { return nil }
        var branches: [Expression] = []
        for digit in least...most {
            let (staysLow, staysHigh) = (isLow && digit == least, isHigh && digit == most)
            guard let rest = fraction(from: index + 1, staysLow, staysHigh) else { continue }
            branches.append(.sequence([.byte(0x30 + digit...0x30 + digit), rest]))
        }
        return branches.isEmpty ? nil : .choice(branches)
    }

    /// Whether the digits so far, with zeros behind them, lie between the bounds.
    private func mayEnd(at index: Int, _ isLow: Bool, _ isHigh: Bool) -> Bool {
        let reachesLow = !isLow || (low.isInclusive && low.fraction.dropFirst(index).allSatisfy { $0 == 0 })
        let staysHigh = !isHigh || high.isInclusive || high.fraction.dropFirst(index).contains { $0 != 0 }
        return reachesLow && staysHigh
    }
}
