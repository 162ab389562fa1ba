/// Numbers as people and models write them.
enum MathText {
    /// UTF-8 of `text` with the typographic signs − × ÷ and fixed spaces written in ASCII.
    static func normalized(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{2212}": bytes.append(UInt8(ascii: "-"))
            case "\u{00D7}": bytes.append(UInt8(ascii: "*"))
            case "\u{00F7}": bytes.append(UInt8(ascii: "/"))
            case "\u{00A0}", "\u{2009}", "\u{202F}", "\t": bytes.append(UInt8(ascii: " "))
            default: bytes.append(contentsOf: scalar.utf8)
            }
        }
        return bytes
    }

    /// The unsigned number that starts at `start`: `12`, `1,000`, `2.50` or `.5`; nil where none starts.
    ///
    /// - Throws: ``ProblemError/overflow`` for more digits than 64 bits hold.
    static func number(in bytes: [UInt8], at start: Int) throws(ProblemError) -> (value: Rational, end: Int)? {
        let wholeEnd = digitsEnd(in: bytes, from: start)
        let groupsEnd = (1...3).contains(wholeEnd - start) ? groupedEnd(in: bytes, from: wholeEnd) : wholeEnd
        var end = groupsEnd
        var fractionDigits = 0
        if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
            let fractionEnd = digitsEnd(in: bytes, from: end + 1)
            fractionDigits = fractionEnd - end - 1
            if fractionDigits > 0 { end = fractionEnd }
        }
        guard end > start else { return nil }
        var digits: Int64 = 0
        for byte in bytes[start..<end] where isDigit(byte) {
            let (tens, tooMany) = digits.multipliedReportingOverflow(by: 10)
            let (sum, tooLarge) = tens.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !tooMany, !tooLarge else { throw .overflow }
            digits = sum
        }
        guard fractionDigits <= 18 else { throw .overflow }
        return (try Rational(digits, over: powerOfTen(fractionDigits)), end)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func digitsEnd(in bytes: [UInt8], from start: Int) -> Int {
        bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
    }

    /// The end of `,ddd` groups from `start`; `start` itself where a group is not of three digits.
    private static func groupedEnd(in bytes: [UInt8], from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] == UInt8(ascii: ",") {
            let groupEnd = digitsEnd(in: bytes, from: end + 1)
            guard groupEnd - end == 4 else { return start }
            end = groupEnd
        }
        return end
    }

    private static func powerOfTen(_ exponent: Int) -> Int64 {
        var power: Int64 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }
}
