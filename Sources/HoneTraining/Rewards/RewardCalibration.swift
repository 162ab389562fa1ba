internal import Foundation
internal import HoneModel
internal import HoneTensor

/// What makes a model's probabilities as sure as they are right: σ(slope · z + intercept) instead of σ(z) (Platt 1999,
/// "Probabilistic outputs for support vector machines", section 2). For preferences there is no intercept, and the
/// slope is the inverse of a temperature (Guo et al. 2017, arXiv:1706.04599, section 4.2).
///
/// Of preferences some say the opposite however clear the case is, as people do who press the wrong key. A temperature
/// alone would pay for them with doubt about everything; so a label agrees with the better answer, which σ speaks of,
/// with probability flipRate + (1 - 2 flipRate) σ: the psychometric function with equal lapses on both sides (Wichmann
/// and Hill 2001, "The psychometric function: I", equation 1).
public struct RewardCalibration: Codable, Sendable, Equatable {
    public let slope: Double
    public let intercept: Double
    /// The share of labels that say the opposite whatever is asked; 0 where the examples give no reason to think so.
    public let flipRate: Double

    enum CodingKeys: String, CodingKey {
        case slope, intercept
        case flipRate = "flip_rate"
    }

    /// A model that orders no better than chance keeps its order, and says one half.
    private static let slopes = 0.01...100

    /// How probably a label agrees, where the scaled model says `probability`.
    func agreement(_ probability: Double) -> Double { flipRate + (1 - 2 * flipRate) * probability }

    /// Of steps: the most likely slope and intercept.
    ///
    /// - Parameters:
    ///   - logits: what the model says, as log-odds
    ///   - outcomes: whether each was so
    init(logits: [Double], outcomes: [Bool]) {
        precondition(logits.count == outcomes.count, "\(outcomes.count) outcomes of \(logits.count) predictions")
        let soCount = Double(outcomes.count { $0 })
        let otherCount = Double(outcomes.count) - soCount
        let targets = outcomes.map { $0 ? (soCount + 1) / (soCount + 2) : 1 / (otherCount + 2) }
        let fit = Self.fit(logits, targets, hasIntercept: true)
        self.init(slope: fit.slope, intercept: fit.intercept, flipRate: 0)
    }

    /// Of pairs: the most likely slope, and the flip rate where it is worth a parameter (Schwarz 1978, "Estimating the
    /// dimension of a model").
    ///
    /// - Parameter differences: of rewards, the preferred answer's less the other's
    init(differences: [Double]) {
        let count = Double(differences.count)
        // A little less than sure, as Platt has it, so that what a line separates has a best slope too.
        let target = (count + 1) / (count + 2)
        let plain = Self.fit(differences, differences.map { _ in target }, hasIntercept: false).slope
        let mixed = Self.fitWithFlips(differences, target: target, from: plain)
        func likelihood(_ slope: Double, _ flipRate: Double) -> Double {
            differences.reduce(0) { sum, difference in
                let p = flipRate + (1 - 2 * flipRate) * Self.sigmoid(slope * difference)
                return sum + target * log(max(p, .leastNormalMagnitude))
                    + (1 - target) * log(max(1 - p, .leastNormalMagnitude))
            }
        }
        let isWorthIt = likelihood(mixed.slope, mixed.flipRate) - likelihood(plain, 0) > log(max(1, count)) / 2
        self.init(
            slope: isWorthIt ? mixed.slope : plain, intercept: 0, flipRate: isWorthIt ? mixed.flipRate : 0)
    }

    private init(slope: Double, intercept: Double, flipRate: Double) {
        self.slope = min(max(slope, Self.slopes.lowerBound), Self.slopes.upperBound)
        self.intercept = intercept
        self.flipRate = flipRate
    }

    /// A checkpoint from before flip rates has none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        slope = try container.decode(Double.self, forKey: .slope)
        intercept = try container.decode(Double.self, forKey: .intercept)
        flipRate = try container.decodeIfPresent(Double.self, forKey: .flipRate) ?? 0
    }

    private static func sigmoid(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

    /// Expectation and maximization by turns: how probably each label is flipped, and then the rest as if that were
    /// known (Dempster, Laird and Rubin 1977). Starts where half of what is ordered wrongly is flipped.
    private static func fitWithFlips(
        _ differences: [Double], target: Double, from plain: Double
    ) -> (slope: Double, flipRate: Double) {
        let count = Double(max(1, differences.count))
        var (slope, flipRate) = (plain, Double(differences.count { $0 < 0 }) / count / 2)
        for _ in 0..<200 {
            var (truths, flips) = ([Double](), 0.0)
            for difference in differences {
                let chance = sigmoid(slope * difference)
                let p = flipRate + (1 - 2 * flipRate) * chance
                let (agrees, disagrees) = (target / max(p, 1e-12), (1 - target) / max(1 - p, 1e-12))
                truths.append(chance * (agrees * (1 - flipRate) + disagrees * flipRate))
                flips += flipRate * (agrees * (1 - chance) + disagrees * chance)
            }
            let next = fit(differences, truths, hasIntercept: false, from: slope).slope
            let isSettled = abs(next - slope) < 1e-7 * slope && abs(flips / count - flipRate) < 1e-9
            (slope, flipRate) = (next, min(flips / count, 0.5))
            if isSettled { break }
        }
        return (slope, flipRate)
    }

    /// The least cross entropy, found by Newton's method with halved steps.
    private static func fit(
        _ logits: [Double], _ targets: [Double], hasIntercept: Bool, from start: Double = 1
    ) -> (slope: Double, intercept: Double) {
        func loss(_ slope: Double, _ intercept: Double) -> Double {
            zip(logits, targets).reduce(0) { sum, pair in
                let z = slope * pair.0 + intercept
                // log(1 + exp z) - t z, where the exponent never overflows.
                return sum + max(z, 0) + log1p(exp(-abs(z))) - pair.1 * z
            }
        }
        var (slope, intercept, best) = (start, 0.0, loss(start, 0))
        for _ in 0..<100 {
            let step = newtonStep(logits, targets, slope, intercept, hasIntercept)
            if max(abs(step.slope), abs(step.intercept)) < 1e-9 { break }
            var (share, found) = (1.0, false)
            while !found, share > 1e-6 {
                let (nextSlope, nextIntercept) = (slope - share * step.slope, intercept - share * step.intercept)
                let next = loss(nextSlope, nextIntercept)
                found = next < best
                if found { (slope, intercept, best) = (nextSlope, nextIntercept, next) } else { share /= 2 }
            }
            if !found { break }
        }
        return (slope, intercept)
    }

    private static func newtonStep(
        _ logits: [Double], _ targets: [Double], _ slope: Double, _ intercept: Double, _ hasIntercept: Bool
    ) -> (slope: Double, intercept: Double) {
        // A little on the diagonal keeps what is flat from a step without end.
        var (gradient, curvature) = ((0.0, 0.0), (1e-9, 0.0, 1e-9))
        for (logit, target) in zip(logits, targets) {
            let probability = 1 / (1 + exp(-(slope * logit + intercept)))
            let (error, weight) = (probability - target, probability * (1 - probability))
            gradient = (gradient.0 + error * logit, gradient.1 + error)
            curvature = (
                curvature.0 + weight * logit * logit, curvature.1 + weight * logit, curvature.2 + weight
            )
        }
        guard hasIntercept else { return (gradient.0 / curvature.0, 0) }
        let determinant = curvature.0 * curvature.2 - curvature.1 * curvature.1
        guard determinant > 0 else { return (gradient.0 / curvature.0, 0) }
        return (
            (curvature.2 * gradient.0 - curvature.1 * gradient.1) / determinant,
            (curvature.0 * gradient.1 - curvature.1 * gradient.0) / determinant
        )
    }
}

extension RewardTrainer {
    /// Scales the head so that its probabilities fit examples that it neither learnt from nor is measured on. No step
    /// may follow.
    func calibrate(on examples: RewardExamples) {
        precondition(isDone, "the head is scaled after the last step, not after step \(step) of \(steps)")
        let calibration: RewardCalibration
        switch examples {
        case .pairs(let all):
            let pairs = all.filter { !$0.isTie }
            let rewards = rewards(of: pairs.map(\.chosen) + pairs.map(\.rejected))
            calibration = RewardCalibration(
                differences: pairs.indices.map { rewards[$0] - rewards[pairs.count + $0] })
        case .steps(let all):
            let probabilities = stepProbabilities(of: all).flatMap(\.self).map { min(max($0, 1e-7), 1 - 1e-7) }
            calibration = RewardCalibration(
                logits: probabilities.map { log($0 / (1 - $0)) }, outcomes: all.flatMap { $0.labels.map(\.isRight) })
        }
        model.scaleHead(by: calibration.slope, shiftingLastBy: calibration.intercept)
        self.calibration = calibration
    }
}
