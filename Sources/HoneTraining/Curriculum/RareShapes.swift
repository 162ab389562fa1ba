internal import Foundation

/// Draws examples whose solutions have a rare shape more often: `"rare_shapes"` in a `train.sft` configuration.
///
/// Where the commonest shape has m examples, one of a shape with n is there (m / n)^exponent times in every pass over
/// the data, at least once and at most `mostCopies` times. So the chance of a shape goes with n^(1 - exponent): 0 is
/// the data as it is, 1 gives all shapes the same, and 0.5 is the square root of Mahajan et al. 2018
/// (arXiv:1805.00932, section 2.2). Nothing is left out, and the bound keeps a handful from being learnt by heart.
public struct RareShapes: Codable, Sendable, Equatable {
    public var exponent = 0.5
    public var mostCopies = 8

    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case exponent
        case mostCopies = "most_copies"
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.exponent, into: &exponent)
        try settings.read(.mostCopies, into: &mostCopies)
    }

    func validate() throws(TrainingError) {
        guard exponent > 0, exponent <= 1 else {
            throw .configuration(
                key: "rare_shapes.exponent", reason: "must be above 0 and at most 1, is \(exponent)")
        }
        guard mostCopies > 1 else {
            throw .configuration(key: "rare_shapes.most_copies", reason: "must be at least 2, is \(mostCopies)")
        }
    }

    /// How often an example of a shape is there, on average over the shape's examples.
    func copies(of count: Int, commonest: Int) -> Double {
        min(Double(mostCopies), pow(Double(commonest) / Double(count), exponent))
    }

    /// The members of a set, each once or more. Where a shape is due a broken number of copies, some of its examples,
    /// chosen by the seed, have one more than the others.
    ///
    /// Examples without a shape count as one shape.
    func repeated(_ members: [Int32], of set: TrainingSet, seed: UInt64) -> [Int32] {
        let shapes = Dictionary(grouping: members) { set.entries[Int($0)].shape }
        let commonest = shapes.values.map(\.count).max() ?? 0
        var result = members
        for (shape, ofShape) in shapes.sorted(by: { $0.key < $1.key }) {
            let extra = copies(of: ofShape.count, commonest: commonest) - 1
            var order = ofShape
            var random = SplitMix64(seed: seed &+ 0xD1B5_4A32_D192_ED03, stream: UInt64(bitPattern: Int64(shape)))
            random.shuffle(&order)
            for _ in 0..<Int(extra) { result += ofShape }
            let rest = extra - extra.rounded(.down)
            result += order.prefix(Int((rest * Double(ofShape.count)).rounded()))
        }
        return result
    }
}
