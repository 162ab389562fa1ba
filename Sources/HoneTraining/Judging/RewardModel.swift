internal import Foundation
public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// A trained reward model that judges answers: whole ones by their last token, or steps where they end.
public struct RewardModel {
    public let network: ScoringModel
    public let tokenizer: ByteTokenizer
    /// What its rewards are on held-out answers; those of different models are compared in these units.
    public let scale: RewardScale
    /// Tokens that are computed at once.
    static let tokensPerBatch = 8192

    public init(network: ScoringModel, tokenizer: ByteTokenizer, scale: RewardScale = RewardScale()) {
        self.network = network
        self.tokenizer = tokenizer
        self.scale = scale
        network.requireGrad(false)
    }

    /// Reads a checkpoint of ``RewardTrainer``.
    /// - Throws: `ModelError.file` for a directory that holds no reward model.
    public static func load(directory: String) throws -> RewardModel {
        RewardModel(
            network: try ScoringModel.load(kind(in: directory) ?? .reward, directory: directory),
            tokenizer: try ByteTokenizer(contentsOf: directory + "/tokenizer.json"),
            scale: try RewardEvaluation.read(directory: directory)?.scale ?? RewardScale())
    }

    /// What the reward model in a directory judges; nil where there is none.
    public static func kind(in directory: String) -> ScoringModel.Kind? {
        kind { FileManager.default.fileExists(atPath: "\(directory)/\($0)") }
    }

    /// What the reward model of a checkpoint with these files judges; nil where it is none.
    public static func kind(ofFiles paths: [String]) -> ScoringModel.Kind? { kind(has: paths.contains) }

    private static func kind(has: (_ file: String) -> Bool) -> ScoringModel.Kind? {
        [.reward, .step].first { has("\($0.path).safetensors") }
    }

    /// Whole answers by their last tokens, in units of ``scale``; nil for one that it cannot judge, being longer than
    /// its context or beyond the finite numbers.
    public func rewards(of rows: [[Int32]]) -> [Double?] {
        precondition(network.kind == .reward, "whole answers are judged by outcome reward models")
        return scores(of: rows, places: rows.map { [$0.count - 1] }).map { score in
            score.map { scale.standardized($0[0]) }
        }
    }

    /// The probabilities that the steps that end at `places` of each row are right; nil where it cannot judge.
    public func stepProbabilities(of rows: [[Int32]], places: [[Int]]) -> [[Double]?] {
        precondition(network.kind == .step, "steps are judged by process reward models")
        return scores(of: rows, places: places)
    }

    private func scores(of rows: [[Int32]], places: [[Int]]) -> [[Double]?] {
        let limit = network.backbone.configuration.maxPositionCount
        let known = rows.indices.filter { (1...limit).contains(rows[$0].count) }
        let found = network.scores(
            of: known.map { rows[$0] }, places: known.map { places[$0] }, tokensPerBatch: Self.tokensPerBatch)
        var all = [[Double]?](repeating: nil, count: rows.count)
        for (row, scores) in zip(known, found) where scores.allSatisfy(\.isFinite) { all[row] = scores }
        return all
    }

    /// A critic that starts with what this reward model knows, in units of its scale, times `weight`.
    public func makeCritic(weight: Double = 1) throws -> ScoringModel {
        try network.makeCritic(scaledBy: weight / scale.deviation, shiftedBy: -scale.mean)
    }
}

/// Where a reward model's zero is and what its unit is: rewards are only determined up to both.
public struct RewardScale: Codable, Sendable, Equatable {
    public var mean = 0.0
    public var deviation = 1.0

    public init(mean: Double = 0, deviation: Double = 1) {
        self.mean = mean
        self.deviation = deviation > 0 && deviation.isFinite ? deviation : 1
    }

    func standardized(_ reward: Double) -> Double { (reward - mean) / deviation }
}

/// Reward models of different seeds, asked together.
public struct RewardEnsemble {
    public let members: [RewardModel]

    /// - Throws: `TrainingError.configuration` for members of different tokenizers, or none.
    public init(_ members: [RewardModel]) throws(TrainingError) {
        guard let first = members.first else {
            throw .configuration(key: "reward", reason: "names no reward model")
        }
        for member in members where member.tokenizer != first.tokenizer {
            throw .configuration(key: "reward", reason: "names reward models of different tokenizers")
        }
        self.members = members
    }

    /// What the members say of one answer.
    public struct Opinion: Sendable, Equatable {
        public let mean: Double
        /// The standard deviation between members; 0 for one.
        public let disagreement: Double

        init(_ rewards: [Double]) {
            let mean = rewards.reduce(0, +) / Double(rewards.count)
            let variance = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rewards.count)
            self.mean = mean
            disagreement = variance.squareRoot()
        }
    }

    /// One opinion a row; nil where a member has none.
    public func opinions(on rows: [[Int32]]) -> [Opinion?] {
        let all = members.map { $0.rewards(of: rows) }
        return rows.indices.map { row in
            let rewards = all.compactMap { $0[row] }
            return rewards.count == members.count ? Opinion(rewards) : nil
        }
    }
}
