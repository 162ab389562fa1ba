import Foundation
import HoneProblems

/// Which prompts' answers are judged first: those whose solution has a rare shape, and those that the model answers now
/// one way and now another.
///
/// A shape with n of the dataset's examples is 1 - log n / log m rare, where the commonest has m. The answers to a
/// prompt disagree by the entropy of their final results over its highest possible value (vote entropy: Dagan and
/// Engelson 1995). Both lie between 0 and 1, and so does their weighted mean, which is cut into four bands.
struct LabelUrgency {
    static let bandCount = 4

    private let order: SamplePayload.Label.Order
    private let counts: [String: Int]
    private let commonest: Int

    /// - Parameters:
    ///   - order: what each of the two counts
    ///   - shapes: of how many of the dataset's examples each is
    init(_ order: SamplePayload.Label.Order, shapes: [String: Int]) {
        self.order = order
        counts = shapes
        commonest = shapes.values.max() ?? 1
    }

    /// The band of a prompt, 0 to 3, the highest to be asked first.
    func band(shape: String, results: [String?]) -> Int {
        let whole = order.rarity + order.disagreement
        guard whole > 0 else { return 0 }
        let urgency = (order.rarity * rarity(of: shape) + order.disagreement * Self.disagreement(results)) / whole
        return min(Self.bandCount - 1, Int(urgency * Double(Self.bandCount)))
    }

    func rarity(of shape: String) -> Double {
        commonest > 1 ? 1 - log(Double(max(1, counts[shape] ?? 1))) / log(Double(commonest)) : 0
    }

    /// No result is a result of its own.
    static func disagreement(_ results: [String?]) -> Double {
        guard results.count > 1 else { return 0 }
        let votes = Dictionary(results.map { ($0, 1) }, uniquingKeysWith: +).values
        let entropy = votes.reduce(0.0) { sum, count in
            let share = Double(count) / Double(results.count)
            return sum - share * log(share)
        }
        return entropy / log(Double(results.count))
    }
}
