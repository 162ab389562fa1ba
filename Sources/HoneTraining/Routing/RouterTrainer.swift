internal import Foundation
public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// Trains a router on verified outcomes, step by step, on the calling thread; the network under it stays.
///
/// The loss is the outcomes' unlikelihood under the paths' probabilities p, which makes them honest, and beside it what
/// a soft choice among the paths costs: Σ π (1 - outcome + cost · share computed), with π the softmax of
/// (p - cost · share) / softness, over prompts that all paths were tried on. So what choices hang on is learnt best.
/// After the last step the probabilities are fitted to prompts of their own.
///
/// Shape suffixes: B prompts, F features, K paths.
public final class RouterTrainer: ResumableTrainer {
    public let configuration: RouterConfiguration
    public let model: CausalLanguageModel
    public private(set) var parts: RoutingParts
    let router: Router
    let tokenizer: ByteTokenizer
    /// What the model's directory says about answering.
    let defaults: GenerationDefaults
    let examples: [RouterExample]
    let optimizer: TrainingOptimizer
    let generator: Generator
    public private(set) var step = 0
    /// On held-out prompts, of the last step where it was measured.
    public private(set) var evaluation: RouterEvaluation?
    private let split: RouterSplit
    /// Of all examples, in their order.
    private let features_NF: Tensor
    private let outcomes_NK: Tensor
    private let isTried_NK: Tensor
    private let costs: RouteCosts

    public var steps: Int { configuration.steps }
    public var checkpointInterval: Int { configuration.checkpointInterval }
    public var isDone: Bool { step >= configuration.steps }

    /// Goes on from the router that the model has where it is of the same width, else from a fresh one.
    public init(
        _ configuration: RouterConfiguration, model: CausalLanguageModel, parts: RoutingParts,
        defaults: GenerationDefaults = GenerationDefaults(), examples: [RouterExample], tokenizer: ByteTokenizer
    ) throws {
        try configuration.validate()
        Threads.set(intraOp: configuration.threads)
        self.configuration = configuration
        self.model = model
        self.tokenizer = tokenizer
        self.defaults = defaults
        self.examples = examples
        generator = Generator(seed: configuration.seed)
        split = try RouterSplit(examples.count, configuration)
        let paths = examples.knownPaths
        guard paths.contains(.shallow), paths.contains(.deep) else {
            throw TrainingError.noExamples(
                "the prompts were not answered by both the shallow and the deep path, which is what a router chooses "
                    + "between; sample them with \"routing\": {\"mode\": \"shallow\"}, and without")
        }
        var router =
            parts.router.flatMap { $0.width == configuration.width ? $0 : nil }
            ?? Router(
                hiddenSize: model.configuration.hiddenSize, width: configuration.width, paths: paths,
                searchCount: configuration.searchCount, generator: generator)
        router.paths = paths
        router.searchCount = configuration.searchCount
        router.calibration = [:]
        router.requireGrad()
        self.router = router
        self.parts = RoutingParts(exit: parts.exit, router: router)
        costs = RouteCosts(
            exitLayer: parts.exit.layer, layerCount: model.configuration.layerCount,
            searchCount: configuration.searchCount)
        optimizer = TrainingOptimizer(configuration.optimizer, router.namedParameters, steps: configuration.steps)
        features_NF = Self.features(examples, model, parts.exit)
        let table = examples.map { example in RoutePath.allCases.map { example.outcomes[$0] } }
        let shape = [examples.count, RoutePath.allCases.count]
        outcomes_NK = Tensor(table.flatMap { $0.map { Float($0 ?? 0) } }, shape: shape)
        isTried_NK = Tensor(table.flatMap { $0.map { Float($0 == nil ? 0 : 1) } }, shape: shape)
    }

    private static func features(
        _ examples: [RouterExample], _ model: CausalLanguageModel, _ exit: EarlyExit
    ) -> Tensor {
        let slices = stride(from: 0, to: examples.count, by: 64).map { start in
            let prompts = examples[start..<min(start + 64, examples.count)].map(\.prompt)
            return model.routingFeatures(TokenLine(prompts), exit)
        }
        return Tensor.cat(slices)
    }

    /// Learns from the next prompts.
    ///
    /// - Throws: `TrainingError.nonFinite` or `.exploded`, before the weights change.
    public func advance() throws -> RouterStepReport {
        let members = members(atStep: step)
        optimizer.zeroGrad()
        let loss = loss(of: members)
        let done = try optimizer.learn(from: loss, chance: log(2), step: step, batch: BatchName(rows: members))
        step += 1
        if isDone { calibrate() }
        evaluation = isMeasured ? evaluate() : nil
        return RouterStepReport(
            step: step, steps: steps, loss: done.loss, gradNorm: done.gradNorm, learningRate: done.learningRate,
            evaluation: evaluation)
    }

    private var isMeasured: Bool { isDone || (checkpointInterval > 0 && step % checkpointInterval == 0) }

    /// Continues where a checkpoint was written.
    func restore(optimizer state: [String: Tensor], random: Tensor, step: Int) throws(TensorError) {
        try optimizer.load(state)
        try generator.restore(random)
        self.step = step
    }

    /// The prompts of a step: those of one shuffled pass after another.
    private func members(atStep step: Int) -> [Int] {
        let count = split.training.count
        let size = min(configuration.batchSize, count)
        let stepsPerPass = count / size
        var order = split.training
        var random = SplitMix64(seed: configuration.seed, stream: UInt64(step / stepsPerPass))
        random.shuffle(&order)
        let start = step % stepsPerPass * size
        return Array(order[start..<start + size])
    }

    private func loss(of members: [Int]) -> Tensor {
        let index = Tensor(members)
        let logits_BK = router.logits(features_NF.indexSelect(0, index))
        let outcomes_BK = outcomes_NK.indexSelect(0, index)
        let isTried_BK = isTried_NK.indexSelect(0, index)
        let isRight_BK = outcomes_BK * logits_BK.logSigmoid()
        let isWrong_BK = (1 - outcomes_BK) * (-logits_BK).logSigmoid()
        let triedCount: Double = max(isTried_BK.sum().item(), 1)
        let honesty = -((isRight_BK + isWrong_BK) * isTried_BK).sum() / triedCount
        guard configuration.choiceWeight > 0 else { return honesty }
        let prices_K = Tensor(RoutePath.allCases.map { Float(configuration.cost * costs[$0]) })
        let isKnown_K = Tensor(RoutePath.allCases.map { Float(router.paths.contains($0) ? 0 : -1e9) })
        let scores_BK = (logits_BK.sigmoid() - prices_K) / configuration.softness + isKnown_K
        let spent_BK = 1 - outcomes_BK + prices_K
        let isWhole_B = (isTried_BK.sum(dim: 1) .>= Float(router.paths.count)).to(.float32)
        let spent_B = (scores_BK.softmax(dim: 1) * spent_BK).sum(dim: 1)
        let wholeCount: Double = max(isWhole_B.sum().item(), 1)
        let choice = (spent_B * isWhole_B).sum() / wholeCount
        return honesty + choice * configuration.choiceWeight
    }

    /// Fits the probabilities of every path to prompts that were not learnt from.
    private func calibrate() {
        let predictions = predictions(of: split.calibrating)
        for path in router.paths {
            let own = predictions[path, default: []]
            let fitted = RewardCalibration(
                logits: own.map(\.logit), outcomes: own.map { $0.outcome >= 0.5 })
            parts.router?.calibration[path] = RouteCalibration(slope: fitted.slope, intercept: fitted.intercept)
        }
    }

    private func evaluate() -> RouterEvaluation {
        let own = split.heldOut.map { examples[$0] }
        let successes = (parts.router ?? router).successes(features_NF.indexSelect(0, Tensor(split.heldOut)))
        return RouterEvaluation(
            predictions: predictions(of: split.heldOut), calibration: parts.router?.calibration ?? [:],
            examples: own, successes: successes, costs: costs, cost: configuration.cost)
    }

    /// By path, what the router says of prompts that the path was tried on, and what came of it.
    private func predictions(of members: [Int]) -> [RoutePath: [(logit: Double, outcome: Double)]] {
        if members.isEmpty { return [:] }
        let logits = noGrad {
            router.logits(features_NF.indexSelect(0, Tensor(members))).to(.float64).toArray(Double.self)
        }
        var found: [RoutePath: [(logit: Double, outcome: Double)]] = [:]
        for (row, member) in members.enumerated() {
            for (column, path) in RoutePath.allCases.enumerated() {
                guard let outcome = examples[member].outcomes[path] else { continue }
                found[path, default: []].append((logits[row * RoutePath.allCases.count + column], outcome))
            }
        }
        return found
    }
}

/// What one step of a router's training did.
public struct RouterStepReport: Codable, Sendable, Equatable {
    /// Number of the step, the first being 1.
    public let step: Int
    public let steps: Int
    public let loss: Double
    /// Global norm of the gradient before clipping.
    public let gradNorm: Double
    public let learningRate: Double
    /// On held-out prompts, where a checkpoint follows.
    public let evaluation: RouterEvaluation?

    enum CodingKeys: String, CodingKey {
        case step, steps, loss
        case gradNorm = "grad_norm"
        case learningRate = "learning_rate"
        case evaluation
    }
}

extension RouterStepReport: RecordedStep {
    public var metrics: [String: Double] {
        ["loss": loss, "grad_norm": gradNorm, "learning_rate": learningRate]
            .merging(evaluation?.metrics ?? [:]) { own, _ in own }
    }
}
