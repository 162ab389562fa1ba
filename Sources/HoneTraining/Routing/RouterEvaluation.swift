internal import Foundation
internal import HoneModel

/// How a router fares on prompts that it neither learnt from nor was fitted to.
public struct RouterEvaluation: Codable, Sendable, Equatable {
    /// How honest it is about one path.
    public struct Honesty: Codable, Sendable, Equatable {
        /// The path's answers that were right.
        public let accuracy: Double
        /// Expected calibration error, with and without the fit at the end: mean distance of probability and accuracy
        /// over ten bins, by their counts (Guo et al. 2017, arXiv:1706.04599, equation 3).
        public let calibrationError: Double
        public let uncalibratedError: Double
        /// Share of pairs of a right and a wrong answer that it ranks rightly.
        public let ranking: Double

        enum CodingKeys: String, CodingKey {
            case accuracy, ranking
            case calibrationError = "calibration_error"
            case uncalibratedError = "uncalibrated_error"
        }
    }

    public let count: Int
    /// By the path's name.
    public let honesty: [String: Honesty]
    /// Of prompts that all paths were tried on, at the training's cost: right answers, and what is computed where the
    /// deep path computes 1.
    public let accuracy: Double
    public let computed: Double

    init(
        predictions: [RoutePath: [(logit: Double, outcome: Double)]], calibration: [RoutePath: RouteCalibration],
        examples: [RouterExample], successes: [[RoutePath: Double]], costs: RouteCosts, cost: Double
    ) {
        count = examples.count
        var honesty: [String: Honesty] = [:]
        for (path, own) in predictions {
            honesty[path.rawValue] = Honesty(own, calibration[path] ?? .identity)
        }
        self.honesty = honesty
        let choices = zip(examples, successes).compactMap { example, successes -> (Double, Double)? in
            let path = costs.best(successes, weight: cost)
            guard successes.keys.allSatisfy({ example.outcomes[$0] != nil }), let outcome = example.outcomes[path]
            else { return nil }
            return (outcome, costs[path])
        }
        accuracy = choices.reduce(0) { $0 + $1.0 } / Double(max(choices.count, 1))
        computed = choices.reduce(0) { $0 + $1.1 } / Double(max(choices.count, 1))
    }

    /// For the record.
    public var metrics: [String: Double] {
        var metrics = ["held_out": Double(count), "accuracy": accuracy, "computed": computed]
        for (path, honesty) in honesty {
            metrics["\(path)_accuracy"] = honesty.accuracy
            metrics["\(path)_calibration_error"] = honesty.calibrationError
            metrics["\(path)_uncalibrated_error"] = honesty.uncalibratedError
            metrics["\(path)_ranking"] = honesty.ranking
        }
        return metrics
    }
}

extension RouterEvaluation.Honesty {
    fileprivate init(_ predictions: [(logit: Double, outcome: Double)], _ calibration: RouteCalibration) {
        let outcomes = predictions.map(\.outcome)
        accuracy = outcomes.reduce(0, +) / Double(max(outcomes.count, 1))
        calibrationError = Self.error(predictions.map { (calibration.probability($0.logit), $0.outcome) })
        uncalibratedError = Self.error(
            predictions.map { (RouteCalibration.identity.probability($0.logit), $0.outcome) })
        ranking = Self.ranking(predictions)
    }

    private static func error(_ pairs: [(probability: Double, outcome: Double)]) -> Double {
        let bins = Dictionary(grouping: pairs) { min(9, Int($0.probability * 10)) }
        let sum = bins.values.reduce(0) { sum, bin in
            sum + abs(bin.reduce(0) { $0 + $1.probability - $1.outcome })
        }
        return sum / Double(max(pairs.count, 1))
    }

    /// The area under the curve of hits over false alarms, by ranks; one half where all outcomes are alike.
    private static func ranking(_ predictions: [(logit: Double, outcome: Double)]) -> Double {
        let sorted = predictions.sorted { $0.logit < $1.logit }
        var (rank, rankSum, rightCount) = (0, 0.0, 0.0)
        while rank < sorted.count {
            // Equals share the mean of their ranks.
            var end = rank
            while end < sorted.count, sorted[end].logit == sorted[rank].logit { end += 1 }
            let mean = Double(rank + end + 1) / 2
            for place in rank..<end where sorted[place].outcome >= 0.5 {
                rankSum += mean
                rightCount += 1
            }
            rank = end
        }
        let wrongCount = Double(sorted.count) - rightCount
        guard rightCount > 0, wrongCount > 0 else { return 0.5 }
        return (rankSum - rightCount * (rightCount + 1) / 2) / (rightCount * wrongCount)
    }
}
