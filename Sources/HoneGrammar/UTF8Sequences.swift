/// Ranges of scalars as ranges of their UTF-8 bytes.
enum UTF8Sequences {
    /// A scalar of one of the ranges, none of which holds a surrogate.
    static func expression(of ranges: [ClosedRange<UInt32>]) -> Expression {
        var sequences: [[ClosedRange<UInt8>]] = []
        for range in ranges { split(range.lowerBound, range.upperBound, into: &sequences) }
        return tree(sequences[...], from: 0)
    }

    /// Cuts a range until all its scalars have as many bytes, each from a range that does not depend on the others.
    private static func split(_ low: UInt32, _ high: UInt32, into sequences: inout [[ClosedRange<UInt8>]]) {
        for last in [0x7f, 0x7ff, 0xffff] as [UInt32] where low <= last && last < high {
            split(low, last, into: &sequences)
            return split(last + 1, high, into: &sequences)
        }
        let lengths = bytes(of: low).count
        for index in 1..<max(lengths, 1) {
            let below: UInt32 = (1 << (6 * UInt32(index))) - 1
            guard low & ~below != high & ~below else { continue }
            if low & below != 0 {
                split(low, low | below, into: &sequences)
                return split((low | below) + 1, high, into: &sequences)
            }
            if high & below != below {
                split(low, (high & ~below) - 1, into: &sequences)
                return split(high & ~below, high, into: &sequences)
            }
        }
        sequences.append(zip(bytes(of: low), bytes(of: high)).map { $0...$1 })
    }

    private static func bytes(of scalar: UInt32) -> [UInt8] {
        Unicode.Scalar(scalar).flatMap { UTF8.encode($0) }.map(Array.init) ?? []
    }

    /// Sequences that begin alike share their beginning.
    private static func tree(_ sequences: ArraySlice<[ClosedRange<UInt8>]>, from index: Int) -> Expression {
        var branches: [Expression] = []
        var rest = sequences
        while let first = rest.first {
            let alike = rest.prefix { $0[index] == first[index] }
            rest = rest.dropFirst(alike.count)
            let head = Expression.byte(first[index])
            branches.append(first.count == index + 1 ? head : .sequence([head, tree(alike, from: index + 1)]))
        }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }
}
