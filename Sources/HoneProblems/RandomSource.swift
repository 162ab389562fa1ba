/// SplitMix64: the same numbers from the same seed on every platform and in every release.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17.
package struct RandomSource {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// A source of its own for each sequence of words, such as (seed, level, index).
    package init(words: UInt64...) {
        state = words.reduce(0) { Self.mix(($0 ^ $1) &+ Self.increment) }
    }

    mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mix(state)
    }

    /// A uniform number of 0..<1.
    package mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A uniform integer of `range`, whose ends both count.
    package mutating func integer(_ range: ClosedRange<Int>) -> Int {
        // The high word of the product, without the values that would make some results likelier (Lemire 2019).
        let count = UInt64(range.upperBound - range.lowerBound) + 1
        let threshold = (0 &- count) % count
        while true {
            let product = next().multipliedFullWidth(by: count)
            if product.low >= threshold { return range.lowerBound + Int(product.high) }
        }
    }

    package mutating func element<Element>(of elements: [Element]) -> Element {
        elements[integer(0...elements.count - 1)]
    }

    package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var shuffled = elements
        for index in shuffled.indices.dropFirst().reversed() { shuffled.swapAt(index, integer(0...index)) }
        return shuffled
    }

    /// True `percent` times in a hundred.
    package mutating func chance(percent: Int) -> Bool { integer(0...99) < percent }

    /// A bijection of 64-bit words whose output bits all depend on all input bits.
    static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15
}
