internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

/// Supervised fine-tuning, step by step, on the calling thread.
///
/// Everything a step does follows from the configuration, the examples and the number of steps done, so a run can stop
/// after any step and go on elsewhere.
final class SFTTrainer {
    let configuration: SFTConfiguration
    let model: CausalLanguageModel
    let tokenizer: ByteTokenizer
    let set: TrainingSet
    let optimizer: TrainingOptimizer
    /// Made the first weights, and draws what dropout zeroes.
    let generator: Generator
    /// Steps done.
    private(set) var step = 0
    private var curriculum: Curriculum
    private var secondsPerStep = MovingMean()

    /// Trains `model` in place, or one made from the configuration and the seed where it is nil.
    init(
        _ configuration: SFTConfiguration, model: CausalLanguageModel?, tokenizer: ByteTokenizer, set: TrainingSet
    ) throws {
        try configuration.validate()
        Threads.set(intraOp: configuration.threads)
        self.configuration = configuration
        self.tokenizer = tokenizer
        self.set = set
        generator = Generator(seed: configuration.seed)
        self.model = model ?? Self.makeModel(configuration, generator)
        curriculum = try Curriculum(configuration, set: set)
        self.model.requireGrad()
        optimizer = TrainingOptimizer(
            configuration.optimization, self.model.namedParameters, steps: configuration.steps)
    }

    private static func makeModel(_ configuration: SFTConfiguration, _ generator: Generator) -> CausalLanguageModel {
        guard let shape = configuration.model else {
            preconditionFailure("a run without a model to start from has the configuration of one")
        }
        let model = CausalLanguageModel(shape, generator: generator)
        configuration.initialization.apply(to: model, generator: generator)
        return model
    }

    /// Learns from the next batch.
    ///
    /// - Throws: `TrainingError.nonFinite`, before the weights change.
    func advance() throws(TrainingError) -> StepReport {
        let started = ContinuousClock.now
        let batch = TokenBatch(curriculum.batch(atStep: step), of: set, padToken: tokenizer.paddingID)
        optimizer.zeroGrad()
        let hidden_BTC = model.hiddenStates(batch.ids_BT, dropout: dropout)
        let loss = meanLoss(of: batch, hidden_BTC)
        let lossValue = loss.item()
        try requireFinite(lossValue, "loss")
        (promptLoss(of: batch, hidden_BTC).map { loss + $0 * configuration.promptLoss } ?? loss).backward()
        let gradNorm = optimizer.clipGradients()
        try requireFinite(gradNorm, "gradient's norm")
        let learningRate = optimizer.advance(step: step)
        step += 1
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        secondsPerStep.add(seconds)
        return StepReport(
            step: step, steps: configuration.steps, loss: lossValue, gradNorm: gradNorm,
            learningRate: learningRate, tokens: batch.tokenCount,
            tokensPerSecond: Double(batch.tokenCount) / seconds,
            secondsLeft: Double(configuration.steps - step) * (secondsPerStep.value ?? 0))
    }

    /// Mean loss of a token over all examples of a set.
    func loss(over set: TrainingSet) -> Double {
        noGrad {
            var plan = BatchPlan(
                set: set, members: set.entries.indices.map(Int32.init), tokensPerBatch: configuration.tokensPerBatch,
                seed: 0)
            var (total, count) = (0.0, 0)
            for number in 0..<plan.batchCount {
                let batch = TokenBatch(plan.batch(atStep: number), of: set, padToken: tokenizer.paddingID)
                total += meanLoss(of: batch, model.hiddenStates(batch.ids_BT)).item() * Double(batch.targets_N.count)
                count += batch.targets_N.count
            }
            return total / Double(count)
        }
    }

    /// Continues where a checkpoint was written.
    func restore(optimizer state: [String: Tensor], random: Tensor, step: Int) throws(TensorError) {
        try optimizer.load(state)
        try generator.restore(random)
        self.step = step
    }

    /// Cross-entropy over the tokens of completions; logits are computed for those alone.
    private func meanLoss(of batch: TokenBatch, _ hidden_BTC: Tensor) -> Tensor {
        let hidden_NC = hidden_BTC.flatten(from: 0, through: 1).indexSelect(0, batch.positions_N)
        return model.logits(hidden_NC).crossEntropy(batch.targets_N)
    }

    /// Cross-entropy over the tokens of prompts; nil where the run does not learn them.
    private func promptLoss(of batch: TokenBatch, _ hidden_BTC: Tensor) -> Tensor? {
        guard configuration.promptLoss > 0, batch.promptTargets_M.count > 0 else { return nil }
        let hidden_MC = hidden_BTC.flatten(from: 0, through: 1).indexSelect(0, batch.promptPositions_M)
        return model.logits(hidden_MC).crossEntropy(batch.promptTargets_M)
    }

    private var dropout: Dropout? {
        configuration.dropout > 0 ? Dropout(rate: configuration.dropout, generator: generator) : nil
    }

    private func requireFinite(_ value: Double, _ quantity: String) throws(TrainingError) {
        if !value.isFinite { throw .nonFinite(step: step + 1, quantity: quantity, value: value) }
    }
}
