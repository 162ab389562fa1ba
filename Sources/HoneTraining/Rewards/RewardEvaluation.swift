internal import Foundation
internal import HoneModel
internal import HoneTensor

/// How well a reward model judges examples that it did not learn from.
public struct RewardEvaluation: Codable, Sendable, Equatable {
    /// Predictions of about one confidence, and how often they were right.
    public struct Bin: Codable, Sendable, Equatable {
        public let lower: Double
        public let upper: Double
        public let count: Int
        /// Mean of what the model said.
        public let confidence: Double
        /// Share that was so.
        public let accuracy: Double
    }

    /// Judgements: pairs without ties, or labelled steps.
    public let count: Int
    /// Share judged as the label says; equal rewards count half.
    public let accuracy: Double
    /// Expected calibration error: mean distance of confidence and accuracy over the bins, by their counts (Guo et al.
    /// 2017, arXiv:1706.04599, equation 3).
    public let calibrationError: Double
    public let bins: [Bin]
    /// Correlation of an answer's reward with its length in tokens; nil for steps and where either is constant.
    public let lengthCorrelation: Double?
    /// Share of pairs of different lengths in which the model finds the longer answer better, and in which the label
    /// does; nil for steps, and where all lengths are equal.
    public let longerShare: Double?
    public let labelledLongerShare: Double?
    /// Mean reward of an answer, or mean probability that a step is right.
    public let meanScore: Double
    /// Standard deviation of the same.
    public let scoreDeviation: Double
    /// How the head was scaled before this was measured; nil where it was left as it was learnt.
    public internal(set) var calibration: RewardCalibration?

    /// What ``calibrationError`` would be, on average, of a model that is exactly as sure as it is right: of so few
    /// judgements in a bin some agree by chance (the mean distance of a normal deviate, √(2/π) of its own).
    public var calibrationNoise: Double {
        bins.reduce(0) { $0 + (2 / .pi * Double($1.count) * $1.confidence * (1 - $1.confidence)).squareRoot() }
            / Double(count)
    }

    /// Where its zero is and what its unit is.
    public var scale: RewardScale { RewardScale(mean: meanScore, deviation: scoreDeviation) }

    /// Whether it gives one score to everything, but for the rounding of their mean: then it judges nothing.
    public var isIndifferent: Bool { count > 1 && scoreDeviation <= 1e-12 * abs(meanScore) }

    /// For the record.
    public var metrics: [String: Double] {
        var metrics = [
            "accuracy": accuracy, "calibration_error": calibrationError, "calibration_noise": calibrationNoise,
            "held_out": Double(count), "mean_score": meanScore, "score_deviation": scoreDeviation,
        ]
        metrics["length_correlation"] = lengthCorrelation
        metrics["longer_share"] = longerShare
        metrics["labelled_longer_share"] = labelledLongerShare
        metrics["calibration_slope"] = calibration?.slope
        metrics["calibration_intercept"] = calibration?.intercept
        metrics["calibration_flip_rate"] = calibration?.flipRate
        return metrics
    }

    enum CodingKeys: String, CodingKey {
        case count, accuracy
        case calibrationError = "calibration_error"
        case bins
        case lengthCorrelation = "length_correlation"
        case longerShare = "longer_share"
        case labelledLongerShare = "labelled_longer_share"
        case meanScore = "mean_score"
        case scoreDeviation = "score_deviation"
        case calibration
    }

    /// - Parameters:
    ///   - predictions: the probability that the model gives to one of two outcomes, and whether that one was so
    ///   - scores: all rewards, for their mean
    ///   - lengths: tokens of the answers with these rewards; empty for steps
    ///   - longer: of pairs of different lengths, whether the model and whether the label is for the longer
    init(
        predictions: [(probability: Double, isSo: Bool)], scores: [Double], lengths: [Double],
        longer: [(byModel: Bool, byLabel: Bool)] = []
    ) {
        count = predictions.count
        // Turned so that the model always bets on the likelier outcome: confidences lie between one half and one.
        let bets = predictions.map { $0.probability >= 0.5 ? $0 : (1 - $0.probability, !$0.isSo) }
        accuracy =
            bets.reduce(0) { $0 + ($1.0 == 0.5 ? 0.5 : $1.1 ? 1 : 0) } / Double(bets.count)
        bins = Self.bins(bets)
        calibrationError = bins.reduce(0) { $0 + Double($1.count) * abs($1.confidence - $1.accuracy) } / Double(count)
        lengthCorrelation = Self.correlation(scores, lengths)
        func share(_ count: Int) -> Double? { longer.isEmpty ? nil : Double(count) / Double(longer.count) }
        longerShare = share(longer.count { $0.byModel })
        labelledLongerShare = share(longer.count { $0.byLabel })
        let mean = scores.reduce(0, +) / Double(max(1, scores.count))
        meanScore = mean
        let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, scores.count))
        scoreDeviation = variance.squareRoot()
    }

    /// Ten bins between one half and one; empty ones are left out.
    private static func bins(_ bets: [(Double, Bool)]) -> [Bin] {
        let width = 0.05
        let groups = Dictionary(grouping: bets) { min(9, Int(($0.0 - 0.5) / width)) }
        return groups.sorted { $0.key < $1.key }.map { slot, members in
            let lower = 0.5 + Double(slot) * width
            return Bin(
                lower: lower, upper: lower + width, count: members.count,
                confidence: members.reduce(0) { $0 + $1.0 } / Double(members.count),
                accuracy: Double(members.count { $0.1 }) / Double(members.count))
        }
    }

    /// Pearson's; nil where one side does not vary.
    private static func correlation(_ a: [Double], _ b: [Double]) -> Double? {
        guard a.count == b.count, a.count > 1 else { return nil }
        let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
        let covariance = zip(a, b).reduce(0) { $0 + ($1.0 - meanA) * ($1.1 - meanB) }
        let spread =
            (a.reduce(0) { $0 + ($1 - meanA) * ($1 - meanA) } * b.reduce(0) { $0 + ($1 - meanB) * ($1 - meanB) })
            .squareRoot()
        return spread > 0 ? covariance / spread : nil
    }
}

// Beside the model that it speaks of.
extension RewardEvaluation {
    private static let file = "reward_evaluation.json"

    func write(directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(filePath: "\(directory)/\(Self.file)"))
    }

    /// That of a checkpoint; nil where nothing was held out.
    public static func read(directory: String) throws -> RewardEvaluation? {
        let path = "\(directory)/\(file)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try JSONDecoder().decode(RewardEvaluation.self, from: Data(contentsOf: URL(filePath: path)))
        } catch is DecodingError {
            throw TrainingError.checkpoint(directory: directory, reason: "\(file) is no evaluation of a reward model")
        }
    }
}

extension RewardTrainer {
    /// Judges held-out examples of the same kind.
    public func evaluate(_ heldOut: RewardExamples) throws -> RewardEvaluation {
        var evaluation = try measure(heldOut)
        evaluation.calibration = calibration
        return evaluation
    }

    /// How probably a label prefers the first of two answers with these rewards.
    private func agreement(_ first: Double, _ second: Double) -> Double {
        let probability = 1 / (1 + exp(second - first))
        return calibration?.agreement(probability) ?? probability
    }

    private func measure(_ heldOut: RewardExamples) throws -> RewardEvaluation {
        let shape = model.backbone.configuration
        try heldOut.validate(vocabularySize: shape.vocabularySize, maximumLength: shape.maxPositionCount)
        switch heldOut {
        case .pairs(let pairs) where pairs.allSatisfy(\.isTie):
            throw TrainingError.noExamples("all held-out pairs are ties, which tell nothing about a reward model")
        case .pairs(let pairs):
            let rows = pairs.map(\.chosen) + pairs.map(\.rejected)
            let rewards = rewards(of: rows)
            let predictions = pairs.indices.filter { !pairs[$0].isTie }.map { index in
                (probability: agreement(rewards[index], rewards[pairs.count + index]), isSo: true)
            }
            let longer: [(byModel: Bool, byLabel: Bool)] = pairs.indices.compactMap { index in
                let (chosen, rejected) = (pairs[index].chosen.count, pairs[index].rejected.count)
                guard !pairs[index].isTie, chosen != rejected else { return nil }
                let prefersChosen = rewards[index] > rewards[pairs.count + index]
                return (byModel: prefersChosen == (chosen > rejected), byLabel: chosen > rejected)
            }
            return RewardEvaluation(
                predictions: predictions, scores: rewards, lengths: rows.map { Double($0.count) }, longer: longer)
        case .steps(let examples):
            let probabilities = stepProbabilities(of: examples)
            let predictions = zip(probabilities, examples).flatMap { probabilities, example in
                zip(probabilities, example.labels).map { (probability: $0, isSo: $1.isRight) }
            }
            return RewardEvaluation(predictions: predictions, scores: probabilities.flatMap(\.self), lengths: [])
        }
    }

    /// The rewards of whole answers, read at their last tokens.
    public func rewards(of rows: [[Int32]]) -> [Double] {
        scores(of: rows, places: rows.map { [$0.count - 1] }).map { $0[0] }
    }

    /// The probabilities that the labelled steps are right.
    public func stepProbabilities(of examples: [StepExample]) -> [[Double]] {
        scores(of: examples.map(\.tokens), places: examples.map { $0.labels.map(\.position) })
    }

    private func scores(of rows: [[Int32]], places: [[Int]]) -> [[Double]] {
        model.scores(of: rows, places: places, tokensPerBatch: configuration.tokensPerBatch)
    }
}

extension ScoringModel {
    /// What the head says at the given places of every row: a reward or value, or the probability that a step is right.
    func scores(of rows: [[Int32]], places: [[Int]], tokensPerBatch: Int) -> [[Double]] {
        var results = [[Double]](repeating: [], count: rows.count)
        if rows.isEmpty { return results }
        var plan = BatchPlan(
            members: rows.indices.map(Int32.init), lengths: rows.map(\.count), tokensPerBatch: tokensPerBatch, seed: 0)
        noGrad {
            for number in 0..<plan.batchCount {
                let members = plan.batch(atStep: number).map(Int.init)
                let batch = RewardBatch(rows: members.map { rows[$0] }, places: members.map { places[$0] })
                let raw = scores(batch.line, at: batch.positions_N)
                let values = kind == .step ? raw.softmax(dim: -1).select(1, 1) : raw
                var rest = values.toArray(Double.self)[...]
                for member in members {
                    results[member] = Array(rest.prefix(places[member].count))
                    rest = rest.dropFirst(places[member].count)
                }
            }
        }
        return results
    }
}
