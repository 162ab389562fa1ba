internal import Foundation
public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// Trains a reward model, step by step, on the calling thread: from pairs (Bradley and Terry) or from labelled steps.
///
/// Everything a step does follows from the configuration, the examples and the number of steps done.
public final class RewardTrainer: ResumableTrainer {
    public let configuration: RewardConfiguration
    public let model: ScoringModel
    let tokenizer: ByteTokenizer
    let examples: RewardExamples
    /// What it is measured on whenever a checkpoint is due; nil for nothing.
    let heldOut: RewardExamples?
    /// What its head is scaled by after the last step; nil leaves it as it is.
    let calibrating: RewardExamples?
    let optimizer: TrainingOptimizer
    let generator: Generator
    public private(set) var step = 0
    /// Of the last step, where it was measured.
    private(set) var evaluation: RewardEvaluation?
    /// How the head was scaled.
    var calibration: RewardCalibration?
    private var plan: BatchPlan

    public var steps: Int { configuration.steps }
    public var checkpointInterval: Int { configuration.checkpointInterval }
    public var isDone: Bool { step >= configuration.steps }

    /// Trains `backbone` in place, under a fresh head: of one number for pairs, of two classes for steps.
    ///
    /// After the last step the head is scaled to fit `calibrating`, which it did not learn from, where that is given.
    public convenience init(
        _ configuration: RewardConfiguration, backbone: CausalLanguageModel, examples: RewardExamples,
        heldOut: RewardExamples? = nil, calibrating: RewardExamples? = nil, tokenizer: ByteTokenizer
    ) throws {
        try MemoryNeed(configuration, shape: backbone.configuration).requireAvailable()
        let generator = Generator(seed: configuration.seed)
        let model = ScoringModel(examples.modelKind, on: backbone, generator: generator)
        try self.init(
            configuration, model: model, generator: generator, examples: examples, heldOut: heldOut,
            calibrating: calibrating, tokenizer: tokenizer)
    }

    init(
        _ configuration: RewardConfiguration, model: ScoringModel, generator: Generator, examples: RewardExamples,
        heldOut: RewardExamples?, calibrating: RewardExamples?, tokenizer: ByteTokenizer
    ) throws {
        try configuration.validate()
        let shape = model.backbone.configuration
        try examples.validate(vocabularySize: shape.vocabularySize, maximumLength: shape.maxPositionCount)
        if examples.areAllTies {
            throw TrainingError.noExamples(
                "all pairs are ties, which say nothing by themselves; label answers that differ more")
        }
        if heldOut?.areAllTies == true {
            throw TrainingError.noExamples("all held-out pairs are ties, which tell nothing about a reward model")
        }
        if calibrating?.areAllTies == true {
            throw TrainingError.noExamples("all pairs to calibrate on are ties, which nothing can be fitted to")
        }
        try calibrating?.validate(vocabularySize: shape.vocabularySize, maximumLength: shape.maxPositionCount)
        try requireDistinctEnd(tokenizer, shape)
        Threads.set(intraOp: configuration.threads)
        self.configuration = configuration
        self.model = model
        self.generator = generator
        self.examples = examples
        self.heldOut = heldOut
        self.calibrating = calibrating
        self.tokenizer = tokenizer
        model.requireGrad()
        optimizer = TrainingOptimizer(configuration.optimizer, model.namedParameters, steps: configuration.steps)
        plan = examples.plan(tokensPerBatch: configuration.tokensPerBatch, seed: configuration.seed)
    }

    /// Learns from the next batch.
    ///
    /// - Throws: `TrainingError.nonFinite` or `.exploded`, naming the batch, before the weights change; after the last
    ///   step `.indifferent` where nothing was learnt.
    public func advance() throws -> RewardStepReport {
        let members = plan.batch(atStep: step).map(Int.init)
        optimizer.zeroGrad()
        let (loss, tokenCount) = loss(of: members)
        let done = try optimizer.learn(from: loss, chance: log(2), step: step, batch: BatchName(rows: members))
        step += 1
        if isDone, let calibrating { calibrate(on: calibrating) }
        evaluation = isMeasured ? try heldOut.map { try evaluate($0) } : nil
        if isDone, let evaluation, evaluation.isIndifferent {
            throw TrainingError.indifferent(judgementCount: evaluation.count)
        }
        return RewardStepReport(
            step: step, steps: steps, loss: done.loss, gradNorm: done.gradNorm, learningRate: done.learningRate,
            examples: members.count, tokens: tokenCount, evaluation: evaluation)
    }

    /// Whether a checkpoint is due after this step, with which the evaluation goes.
    private var isMeasured: Bool { isDone || (checkpointInterval > 0 && step % checkpointInterval == 0) }

    /// Continues where a checkpoint was written.
    func restore(optimizer state: [String: Tensor], random: Tensor, step: Int) throws(TensorError) {
        try optimizer.load(state)
        try generator.restore(random)
        self.step = step
    }

    private func loss(of members: [Int]) -> (loss: Tensor, tokenCount: Int) {
        switch examples {
        case .pairs(let all):
            let pairs = members.map { all[$0] }
            let batch = RewardBatch(lastTokensOf: pairs.map(\.chosen) + pairs.map(\.rejected))
            let scores = model.scores(batch.line, at: batch.positions_N).chunk(2, dim: 0)
            func column(_ value: (PreferencePair) -> Double) -> Tensor { Tensor(pairs.map { Float(value($0)) }) }
            let loss = BradleyTerryLoss(centring: configuration.centring)(
                chosen_B: scores[0], rejected_B: scores[1], margin_B: column(\.margin) * configuration.marginScale,
                preference_B: column { $0.isTie ? 0.5 : 1 }, weight_B: column(\.weight))
            return (loss, batch.line.tokenCount)
        case .steps(let all):
            let rows = members.map { all[$0] }
            let batch = RewardBatch(rows: rows.map(\.tokens), places: rows.map { $0.labels.map(\.position) })
            let labels = Tensor(rows.flatMap { $0.labels.map { $0.isRight ? 1 : 0 } })
            let logits = model.scores(batch.line, at: batch.positions_N)
            return (StepRewardLoss.loss(logits_N2: logits, labels_N: labels), batch.line.tokenCount)
        }
    }
}

/// What one step of a reward model's training did.
public struct RewardStepReport: Codable, Sendable, Equatable {
    /// Number of the step, the first being 1.
    public let step: Int
    public let steps: Int
    public let loss: Double
    /// Global norm of the gradient before clipping.
    public let gradNorm: Double
    public let learningRate: Double
    /// Pairs or solutions in the batch.
    public let examples: Int
    public let tokens: Int
    /// On held-out examples, where a checkpoint follows.
    public let evaluation: RewardEvaluation?

    enum CodingKeys: String, CodingKey {
        case step, steps, loss
        case gradNorm = "grad_norm"
        case learningRate = "learning_rate"
        case examples, tokens, evaluation
    }
}

extension RewardExamples {
    var modelKind: ScoringModel.Kind {
        switch self {
        case .pairs: .reward
        case .steps: .step
        }
    }

    func plan(tokensPerBatch: Int, seed: UInt64) -> BatchPlan {
        BatchPlan(
            members: (0..<count).map(Int32.init), lengths: lengths,
            tokensPerBatch: max(1, tokensPerBatch / rowsPerExample), seed: seed)
    }
}
