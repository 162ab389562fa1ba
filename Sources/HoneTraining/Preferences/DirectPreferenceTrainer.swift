public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// Trains a policy on pairs of answers without a reward model, step by step, on the calling thread (Rafailov et al.
/// 2023, arXiv:2305.18290).
///
/// Everything a step does follows from the configuration, the pairs, the starting model and the number of steps done.
public final class DirectPreferenceTrainer: ResumableTrainer {
    public let configuration: DirectPreferenceConfiguration
    public let policy: CausalLanguageModel
    let tokenizer: ByteTokenizer
    let pairs: AnswerPairs
    let optimizer: TrainingOptimizer
    /// Of the model that the run started from.
    let referenceHash: String
    /// What that model says of every row: log-probabilities of whole answers.
    private let reference: [Float]
    public internal(set) var step = 0
    private var plan: BatchPlan

    public var steps: Int { configuration.steps }
    public var checkpointInterval: Int { configuration.checkpointInterval }
    public var isDone: Bool { step >= configuration.steps }

    /// - Parameters:
    ///   - configuration: the run in full
    ///   - policy: trained in place
    ///   - reference: where the run started from; the policy as it is now when nil
    ///   - pairs: in an order that is part of the run
    ///   - tokenizer: of both models
    /// - Throws: `TrainingError` for a setting or a pair that cannot be meant.
    public init(
        _ configuration: DirectPreferenceConfiguration, policy: CausalLanguageModel,
        reference: CausalLanguageModel? = nil, pairs: [AnswerPair], tokenizer: ByteTokenizer
    ) throws {
        try configuration.validate()
        Threads.set(intraOp: configuration.threads)
        let shape = policy.configuration
        try requireDistinctEnd(tokenizer, shape)
        self.configuration = configuration
        self.policy = policy
        self.tokenizer = tokenizer
        self.pairs = try AnswerPairs(
            pairs, vocabularySize: shape.vocabularySize, maximumLength: shape.maxPositionCount)
        let start = reference ?? policy
        referenceHash = start.weightHash
        self.reference = Self.logProbs(start, self.pairs, tokensPerBatch: configuration.tokensPerBatch)
        policy.requireGrad()
        optimizer = TrainingOptimizer(configuration.optimizer, policy.namedParameters, steps: configuration.steps)
        plan = BatchPlan(
            members: self.pairs.weights.indices.map(Int32.init), lengths: self.pairs.lengths,
            tokensPerBatch: max(1, configuration.tokensPerBatch / 2), seed: configuration.seed)
    }

    /// Learns from the next batch.
    ///
    /// - Throws: `TrainingError.nonFinite`, naming the batch, before the weights change.
    public func advance() throws -> DirectPreferenceReport {
        let members = plan.batch(atStep: step).map(Int.init)
        let rows = members + members.map { $0 + pairs.count }
        let batch = AnswerBatch(rows: rows, of: pairs.rows, width: pairs.width)
        optimizer.zeroGrad()
        let logProbs = Self.logProbs(policy, batch).chunk(2, dim: 0)
        let reference = Tensor(rows.map { self.reference[$0] }).chunk(2, dim: 0)
        let terms_B = configuration.function.terms(
            chosen_B: logProbs[0], rejected_B: logProbs[1], referenceChosen_B: reference[0],
            referenceRejected_B: reference[1])
        let weights_B = Tensor(members.map { pairs.weights[$0] })
        let loss = (terms_B * weights_B).sum() / weights_B.sum()
        let lossValue = loss.item()
        let check = StepCheck(step: step + 1, batch: BatchName(rows: members))
        try check.requireFinite(lossValue, "loss")
        loss.backward()
        let gradNorm = optimizer.clipGradients()
        try check.requireFinite(gradNorm, "gradient's norm")
        let margins = noGrad {
            ((logProbs[0] - reference[0]) - (logProbs[1] - reference[1])).toArray(Double.self)
        }
        let learningRate = optimizer.advance(step: step)
        step += 1
        return DirectPreferenceReport(
            step: step, steps: steps, loss: lossValue,
            accuracy: Double(margins.count { $0 > 0 }) / Double(margins.count),
            margin: configuration.beta * margins.reduce(0, +) / Double(margins.count), gradNorm: gradNorm,
            learningRate: learningRate, pairs: members.count)
    }

    /// Continues where a checkpoint was written.
    func restore(optimizer state: [String: Tensor], step: Int) throws(TensorError) {
        try optimizer.load(state)
        self.step = step
    }

    /// Log-probabilities of the batch's answers, `[B]`.
    private static func logProbs(_ model: CausalLanguageModel, _ batch: AnswerBatch) -> Tensor {
        batch.spread(batch.distribution(model, temperature: 1).logProbs_N).sum(dim: 1)
    }

    private static func logProbs(
        _ model: CausalLanguageModel, _ pairs: AnswerPairs, tokensPerBatch: Int
    ) -> [Float] {
        var all = [Float](repeating: 0, count: pairs.rows.count)
        let batches = AnswerBatch.cut(
            Array(pairs.rows.indices), of: pairs.rows, width: pairs.width, tokensPerBatch: tokensPerBatch)
        noGrad {
            for batch in batches {
                for (row, value) in zip(batch.rows, logProbs(model, batch).toArray(Float.self)) { all[row] = value }
            }
        }
        return all
    }
}

/// What one step of direct preference optimization did.
public struct DirectPreferenceReport: Codable, Sendable, Equatable, RecordedStep {
    /// Number of the step, the first being 1.
    public let step: Int
    public let steps: Int
    public let loss: Double
    /// Share of the batch's pairs in which the policy has moved towards the chosen answer more than to the other.
    public let accuracy: Double
    /// By how much, in units of the implicit reward.
    public let margin: Double
    /// Global norm of the gradient before clipping.
    public let gradNorm: Double
    public let learningRate: Double
    public let pairs: Int

    enum CodingKeys: String, CodingKey {
        case step, steps, loss, accuracy, margin
        case gradNorm = "grad_norm"
        case learningRate = "learning_rate"
        case pairs
    }

    public var metrics: [String: Double] {
        [
            "loss": loss, "accuracy": accuracy, "margin": margin, "grad_norm": gradNorm,
            "learning_rate": learningRate, "pairs": Double(pairs),
        ]
    }
}
