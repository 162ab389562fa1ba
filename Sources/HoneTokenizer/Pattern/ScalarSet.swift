/// A set of Unicode scalars as a regular expression's class or escape describes it.
package struct ScalarSet: Hashable, Sendable {
    package enum Item: Hashable, Sendable {
        case range(ClosedRange<UInt32>)
        /// Any of these general categories, or with `isNegated` any other.
        case categories(UInt32, isNegated: Bool)
        case space(isNegated: Bool)
        case word(isNegated: Bool)
    }

    private let items: [Item]
    private let isNegated: Bool
    /// Membership of the first 128 scalars.
    private let ascii: [Bool]

    package init(_ items: [Item], isNegated: Bool = false) {
        self.items = items
        self.isNegated = isNegated
        ascii = (0..<128).map { Self.contains($0, items) != isNegated }
    }

    package func contains(_ scalar: UInt32) -> Bool {
        scalar < 128 ? ascii[Int(scalar)] : Self.contains(scalar, items) != isNegated
    }

    /// The set as ranges in rising order, none of which touches the next; surrogates are in none.
    package var ranges: [ClosedRange<UInt32>] {
        var ranges: [ClosedRange<UInt32>] = []
        let bounds = items.flatMap { item in
            if case .range(let range) = item { return [range.lowerBound, range.upperBound + 1] }
            return []
        }
        let isPlain = bounds.count == 2 * items.count
        let starts = Set((isPlain ? bounds : bounds + ScalarCategories.runStarts) + [0, 0xd800, 0xe000]).sorted()
        for (start, next) in zip(starts, starts.dropFirst() + [0x110000]) where start < next {
            if start == 0xd800 || !contains(start) { continue }
            if let last = ranges.last, last.upperBound + 1 == start {
                ranges[ranges.count - 1] = last.lowerBound...next - 1
            } else {
                ranges.append(start...next - 1)
            }
        }
        return ranges
    }

    private static func contains(_ scalar: UInt32, _ items: [Item]) -> Bool {
        for item in items {
            switch item {
            case .range(let range):
                if range.contains(scalar) { return true }
            case .categories(let mask, let isNegated):
                if (mask & ScalarCategories.bit(of: scalar) != 0) != isNegated { return true }
            case .space(let isNegated):
                if ScalarCategories.isSpace(scalar) != isNegated { return true }
            case .word(let isNegated):
                if ScalarCategories.isWord(scalar) != isNegated { return true }
            }
        }
        return false
    }
}

/// The general categories of Unicode's scalars, one bit each, as Unicode 16 has them: the version of the tables in
/// Hugging Face's tokenizers. What came later is unassigned, whatever Swift's own tables know.
enum ScalarCategories {
    /// Of the first plane; further scalars are looked up one by one.
    private static let table: [UInt8] = (0..<0x10000).map { index($0) }

    static func bit(of scalar: UInt32) -> UInt32 {
        1 << UInt32(scalar < 0x10000 ? table[Int(scalar)] : index(scalar))
    }

    /// Where a category, or a run of spaces or of words' characters begins.
    static let runStarts: [UInt32] = (1..<0x110000).filter {
        bit(of: $0) != bit(of: $0 - 1) || isSpace($0) != isSpace($0 - 1) || isWord($0) != isWord($0 - 1)
    }

    static func isSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09...0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000: true
        default: false
        }
    }

    /// What `\w` means in a pattern, that is to Oniguruma: UTS #18's words without the joiners, and what Latin-1 has of
    /// small digits and fractions.
    static func isWord(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0xb2, 0xb3, 0xb9, 0xbc...0xbe: true
        default: belongsToWord(scalar)
        }
    }

    /// What goes on with the word beside an added token, that is `\w` to Rust: UTS #18's words.
    static func continuesWord(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x200c, 0x200d: true
        default: belongsToWord(scalar)
        }
    }

    private static func belongsToWord(_ scalar: UInt32) -> Bool {
        isAlphabetic(scalar) || marksDigitsAndConnectors & bit(of: scalar) != 0
    }

    private static let marksDigitsAndConnectors = ["M", "Nd", "Pc"].reduce(0) { $0 | mask(named: $1) }

    private static func isAlphabetic(_ scalar: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(scalar), isKnown(scalar) else { return false }
        return scalar.properties.isAlphabetic
    }

    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.age.map { $0.major <= 16 } ?? false
    }

    /// The bits of a category such as `Lu`, or of a group such as `L`; 0 for an unknown name.
    static func mask(named name: String) -> UInt32 {
        names.enumerated().reduce(0) { $1.element == name || $1.element.prefix(1) == name ? $0 | 1 << $1.offset : $0 }
    }

    private static let names = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]

    /// The place of a scalar's category among `names`.
    private static func index(_ scalar: UInt32) -> UInt8 {
        guard let scalar = Unicode.Scalar(scalar) else { return 27 }
        guard isKnown(scalar) else { return 29 }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter: 0
        case .lowercaseLetter: 1
        case .titlecaseLetter: 2
        case .modifierLetter: 3
        case .otherLetter: 4
        case .nonspacingMark: 5
        case .spacingMark: 6
        case .enclosingMark: 7
        case .decimalNumber: 8
        case .letterNumber: 9
        case .otherNumber: 10
        case .connectorPunctuation: 11
        case .dashPunctuation: 12
        case .openPunctuation: 13
        case .closePunctuation: 14
        case .initialPunctuation: 15
        case .finalPunctuation: 16
        case .otherPunctuation: 17
        case .mathSymbol: 18
        case .currencySymbol: 19
        case .modifierSymbol: 20
        case .otherSymbol: 21
        case .spaceSeparator: 22
        case .lineSeparator: 23
        case .paragraphSeparator: 24
        case .control: 25
        case .format: 26
        case .surrogate: 27
        case .privateUse: 28
        case .unassigned: 29
        @unknown default: 29
        }
    }
}
