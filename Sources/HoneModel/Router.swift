internal import Foundation
public import HoneTensor

/// How a request is answered.
public enum RoutePath: String, Codable, Sendable, CaseIterable {
    /// Through the first layers alone, and shortly.
    case shallow
    /// Through all layers.
    case deep
    /// Several times through all layers; the answers vote.
    case search
}

/// Reads a prompt behind the layers that all paths have in common and says how probably each answers it right.
///
/// A layer of rectified sums over the mean of the prompt's tokens and its last one, then log-odds by path. Which path
/// that makes best depends on what computing costs, and is decided request by request (Ong et al. 2024,
/// arXiv:2406.18665, section 3, has one threshold for two models).
///
/// Shape suffixes: B prompts, N tokens of all, C hidden size, F = 2 C features, K paths.
public struct Router: Module {
    let hidden: Linear
    let output: Linear
    /// What makes the log-odds as sure as they are right; by path.
    public var calibration = [RoutePath: RouteCalibration]()
    /// The paths that it has seen outcomes of; it chooses among them.
    public var paths: [RoutePath]
    /// Answers of a search when it learnt about it.
    public var searchCount: Int

    /// A fresh router of so many inner numbers for a network of a hidden size.
    public init(hiddenSize: Int, width: Int, paths: [RoutePath], searchCount: Int, generator: Generator) {
        hidden = Linear(
            2 * hiddenSize, width, standardDeviation: 1 / Double(2 * hiddenSize).squareRoot(), generator: generator)
        output = Linear(width, RoutePath.allCases.count, standardDeviation: 0)
        self.paths = paths
        self.searchCount = searchCount
    }

    public var width: Int { hidden.weight.size(0) }

    public func visit(_ visitor: ParameterVisitor) {
        visitor.module("hidden", hidden)
        visitor.module("output", output)
    }

    /// Log-odds that each path is right, not calibrated: `[B, F]` to `[B, K]`.
    public func logits(_ features_BF: Tensor) -> Tensor { output(hidden(features_BF).relu()) }

    /// Calibrated probabilities that each path that it knows answers right, prompt by prompt.
    public func successes(_ features_BF: Tensor) -> [[RoutePath: Double]] {
        let all = noGrad { logits(features_BF).to(.float64).toArray(Double.self) }
        let count = RoutePath.allCases.count
        return (0..<features_BF.size(0)).map { row in
            var found: [RoutePath: Double] = [:]
            for (column, path) in RoutePath.allCases.enumerated() where paths.contains(path) {
                found[path] = (calibration[path] ?? .identity).probability(all[row * count + column])
            }
            return found
        }
    }
}

/// σ(slope · z + intercept) in the place of σ(z) (Platt 1999, "Probabilistic outputs for support vector machines",
/// section 2).
public struct RouteCalibration: Codable, Sendable, Equatable {
    public var slope: Double
    public var intercept: Double

    public static let identity = RouteCalibration(slope: 1, intercept: 0)

    public init(slope: Double, intercept: Double) {
        self.slope = slope
        self.intercept = intercept
    }

    public func probability(_ logit: Double) -> Double { 1 / (1 + exp(-(slope * logit + intercept))) }
}

/// What the paths compute of a request, where the deep one is 1.
public struct RouteCosts: Sendable, Equatable {
    private let shares: [RoutePath: Double]

    /// - Parameters:
    ///   - exitLayer: layers of the shallow path
    ///   - layerCount: of the deep one
    ///   - searchCount: answers of a search
    public init(exitLayer: Int, layerCount: Int, searchCount: Int) {
        shares = [
            .shallow: Double(exitLayer) / Double(layerCount), .deep: 1, .search: Double(searchCount),
        ]
    }

    public subscript(path: RoutePath) -> Double { shares[path, default: 1] }

    /// The path of the least expected error plus `weight` times what it computes; of equals the cheapest.
    public func best(_ successes: [RoutePath: Double], weight: Double) -> RoutePath {
        func loss(_ path: RoutePath) -> Double { 1 - successes[path, default: 0] + weight * self[path] }
        return successes.keys.min { (loss($0), self[$0]) < (loss($1), self[$1]) } ?? .deep
    }
}

extension CausalLanguageModel {
    /// What a router reads of prompts, `[B, F]`. Every row has the same bits whatever prompts are beside it.
    public func routingFeatures(_ line: TokenLine, _ exit: EarlyExit) -> Tensor {
        noGrad {
            let pass = pass(line.lengths)
            let x_NC = run(embed(line, pass), through: 0..<exit.commonLayer, pass).sum_NC
            return exit.routingFeatures(x_NC, lengths: line.lengths)
        }
    }
}

extension EarlyExit {
    /// What a router reads of prompts.
    ///
    /// - Parameters:
    ///   - hidden_NC: what the layers that all paths have in common make of their tokens, one prompt behind the other
    ///   - lengths: tokens of each prompt
    /// - Returns: the mean of a prompt's tokens behind the exit's norm, and its last one, `[B, F]`
    public func routingFeatures(_ hidden_NC: Tensor, lengths: [Int]) -> Tensor {
        let x_NC = norm(hidden_NC)
        var start = 0
        let means = lengths.map { length in
            defer { start += length }
            return x_NC.narrow(0, start: start, length: length).mean(dim: 0)
        }
        var end = -1
        let last = lengths.map { length in
            end += length
            return end
        }
        return Tensor.cat([Tensor.stack(means), x_NC.rows(at: Tensor(last))], dim: 1)
    }
}
