/// Where the numbers of a solution come from.
///
/// A number is grounded where the prompt writes it (in digits or as a word), where an earlier step claims it, where
/// it is a place value of such a number (40 and 7 of 47), or where it is the part of a quotient that long division
/// tries first (60 in 60*6 for 378/6). One, one hundred (of percent) and zero are always grounded.
struct StepGrounding {
    private var known: Set<Rational> = [.zero, .one, Rational(100)]
    private var largest = Rational(100)

    init(prompt: String) {
        let bytes = MathText.normalized(prompt.lowercased())
        var offset = 0
        while offset < bytes.count {
            if let end = number(in: bytes, at: offset) {
                offset = end
            } else if let end = Self.wordEnd(in: bytes, from: offset) {
                let word = String(decoding: bytes[offset..<end], as: UTF8.self)
                for value in Self.words[word] ?? [] { learn(value) }
                offset = end
            } else {
                offset += 1
            }
        }
    }

    /// Makes `value`, its magnitude and the place values of its digits known.
    mutating func learn(_ value: Rational) {
        known.insert(value)
        largest = max(largest, value)
        guard value.numerator != .min else { return }
        var rest = value.numerator.magnitude
        known.insert(value < .zero ? Rational(Int64(rest)) : value)
        guard value.isInteger else { return }
        var place: UInt64 = 1
        while rest > 0 {
            known.insert(Rational(Int64(rest % 10 * place)))
            rest /= 10
            place &*= 10
        }
    }

    /// Whether every number in `expression` is known.
    func grounds(_ expression: Expression) -> Bool {
        switch expression {
        case .number(let value): known.contains(value)
        case .unknown: false
        case .negated(let operand): grounds(operand)
        case .binary(.multiply, .number(let part), .number(let divisor)) where known.contains(divisor):
            known.contains(part) || isTrial(part, ofDivisionBy: divisor)
        case .binary(_, let left, let right): grounds(left) && grounds(right)
        }
    }

    /// Whether `part` is a single digit and zeros, and its product with the divisor below the largest known number.
    private func isTrial(_ part: Rational, ofDivisionBy divisor: Rational) -> Bool {
        guard part.isInteger, part > .zero, divisor > .zero else { return false }
        var digit = part.numerator
        while digit >= 10, digit.isMultiple(of: 10) { digit /= 10 }
        do {
            return try digit < 10 && part * divisor < largest
        } catch {
            return false  // a product that does not fit is larger than any number that does
        }
    }

    private mutating func number(in bytes: [UInt8], at offset: Int) -> Int? {
        do {
            guard let (value, end) = try MathText.number(in: bytes, at: offset) else { return nil }
            learn(value)
            return end
        } catch {
            // A number too long for any step to use: skip its digits.
            return bytes[offset...].firstIndex { !MathText.isDigit($0) && $0 != UInt8(ascii: ".") } ?? bytes.count
        }
    }

    private static func wordEnd(in bytes: [UInt8], from start: Int) -> Int? {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let end = bytes[start...].firstIndex { !letters.contains($0) } ?? bytes.count
        return end > start ? end : nil
    }

    private static let words: [String: [Rational]] = {
        let cardinals = [
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
            "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
        ]
        var words = Dictionary(uniqueKeysWithValues: cardinals.enumerated().map { ($1, [Rational(Int64($0 + 1))]) })
        let others: [String: [Int64]] = [
            "dozen": [12], "twice": [2], "double": [2], "doubled": [2], "pair": [2], "half": [2], "thrice": [3],
            "triple": [3], "third": [3], "quarter": [4, 25], "week": [7], "weeks": [7], "hour": [60], "hours": [60],
            "minute": [60], "minutes": [60], "day": [24], "days": [24], "year": [12, 365], "years": [12, 365],
        ]
        for (word, values) in others { words[word] = values.map { Rational($0) } }
        return words
    }()
}
