internal import Foundation
internal import HoneModel
internal import HoneTensor

/// What makes a model's probabilities as sure as they are right: σ(slope · z + intercept) instead of σ(z) (Platt 1999,
/// "Probabilistic outputs for support vector machines", section 2). For preferences there is no intercept, and the
/// slope is the inverse of a temperature (Guo et al. 2017, arXiv:1706.04599, section 4.2).
public struct RewardCalibration: Codable, Sendable, Equatable {
    public let slope: Double
    public let intercept: Double

    /// A model that orders no better than chance keeps its order, and says one half.
    private static let slopes = 0.01...100

    /// The most likely one, found by Newton's method with halved steps. A target is a little less than sure, as Platt
    /// has it, so that what a line separates has a best slope too.
    ///
    /// - Parameters:
    ///   - logits: what the model says, as log-odds
    ///   - outcomes: whether each was so
    ///   - hasIntercept: false where both sides of a question are asked alike
    init(logits: [Double], outcomes: [Bool], hasIntercept: Bool) {
        precondition(logits.count == outcomes.count, "\(outcomes.count) outcomes of \(logits.count) predictions")
        let soCount = Double(outcomes.count { $0 })
        let otherCount = Double(outcomes.count) - soCount
        let targets = outcomes.map { $0 ? (soCount + 1) / (soCount + 2) : 1 / (otherCount + 2) }
        func loss(_ slope: Double, _ intercept: Double) -> Double {
            zip(logits, targets).reduce(0) { sum, pair in
                let z = slope * pair.0 + intercept
                // log(1 + exp z) - t z, where the exponent never overflows.
                return sum + max(z, 0) + log1p(exp(-abs(z))) - pair.1 * z
            }
        }
        var (slope, intercept, best) = (1.0, 0.0, loss(1, 0))
        for _ in 0..<100 {
            let step = Self.newtonStep(logits, targets, slope, intercept, hasIntercept)
            var (share, found) = (1.0, false)
            while !found, share > 1e-8 {
                let (nextSlope, nextIntercept) = (slope - share * step.slope, intercept - share * step.intercept)
                let next = loss(nextSlope, nextIntercept)
                found = next < best
                if found { (slope, intercept, best) = (nextSlope, nextIntercept, next) } else { share /= 2 }
            }
            if !found { break }
        }
        self.slope = min(max(slope, Self.slopes.lowerBound), Self.slopes.upperBound)
        self.intercept = intercept
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
                logits: pairs.indices.map { rewards[$0] - rewards[pairs.count + $0] },
                outcomes: pairs.map { _ in true }, hasIntercept: false)
        case .steps(let all):
            let probabilities = stepProbabilities(of: all).flatMap(\.self).map { min(max($0, 1e-7), 1 - 1e-7) }
            calibration = RewardCalibration(
                logits: probabilities.map { log($0 / (1 - $0)) }, outcomes: all.flatMap { $0.labels.map(\.isRight) },
                hasIntercept: true)
        }
        model.scaleHead(by: calibration.slope, shiftingLastBy: calibration.intercept)
        self.calibration = calibration
    }
}
