import HoneProblems

/// The numbers written in digits in a text: `7`, `1,000`, `2.50`, `.5`.
enum NumbersInText {
    static func all(in text: String) -> [Rational] { places(in: text).map(\.value) }

    /// The numbers with where they stand.
    static func places(in text: String) -> [(range: Range<String.Index>, value: Rational)] {
        var numbers: [(range: Range<String.Index>, value: Rational)] = []
        var rest = text.utf8[...]
        while let start = rest.firstIndex(where: \.isDigit) {
            // A point before the digits belongs to them unless it ends a word or a number.
            let before = text.utf8[..<start]
            let isPoint = before.last == UInt8(ascii: ".") && !(before.dropLast().last?.isWordPart ?? false)
            let end = end(of: rest[start...], allowsPoint: !isPoint)
            let digits = (isPoint ? "." : "") + String(Substring(rest[start..<end]))
            if let number = Rational(publishedNumber: digits) { numbers.append((start..<end, number)) }
            rest = rest[end...]
        }
        return numbers
    }

    private static func end(of text: Substring.UTF8View, allowsPoint: Bool) -> Substring.UTF8View.Index {
        var end = text.firstIndex { !$0.isDigit } ?? text.endIndex
        if (1...3).contains(text[..<end].count) {
            while let group = digits(after: UInt8(ascii: ","), in: text[end...]), group.count == 3 {
                end = group.endIndex
            }
        }
        guard allowsPoint, let fraction = digits(after: UInt8(ascii: "."), in: text[end...]) else { return end }
        return fraction.endIndex
    }

    /// The digits that follow the sign with which the text begins; nil if there are none.
    private static func digits(after sign: UInt8, in text: Substring.UTF8View) -> Substring.UTF8View? {
        guard text.first == sign else { return nil }
        let digits = text.dropFirst().prefix(while: \.isDigit)
        return digits.isEmpty ? nil : digits
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isWordPart: Bool {
        isDigit || self >= 0x80 || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
