internal import Foundation
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
    /// Trained beside the model, where the configuration asks for one.
    let exit: EarlyExit?
    let tokenizer: ByteTokenizer
    let set: TrainingSet
    let optimizer: TrainingOptimizer
    let start: RunStart
    private let memory: TrainingMemory?
    /// Made the first weights, and draws what dropout zeroes.
    let generator: Generator
    /// Steps done.
    private(set) var step = 0
    private var curriculum: Curriculum
    /// Draws the levels where the configuration has a schedule for them, in the place of `curriculum`.
    private(set) var sampler: CurriculumSampler?
    private var secondsPerStep = MovingMean()

    /// Trains `model` in place, or one made from the configuration and the seed where it is nil.
    ///
    /// With adapters, `model` is their base and stays as it is.
    init(
        _ configuration: SFTConfiguration, model: CausalLanguageModel?, tokenizer: ByteTokenizer, set: TrainingSet,
        start: RunStart = RunStart()
    ) throws {
        try configuration.validate()
        Threads.set(intraOp: configuration.threads)
        self.configuration = configuration
        self.tokenizer = tokenizer
        self.set = set
        generator = Generator(seed: configuration.seed)
        let base = model ?? Self.makeModel(configuration, generator)
        curriculum = try Curriculum(configuration, set: set)
        sampler = try configuration.levelSchedule.map { schedule throws(TrainingError) in
            try CurriculumSampler(
                schedule, set: set, tokensPerBatch: configuration.tokensPerBatch, seed: configuration.seed)
        }
        try requireDistinctEnd(tokenizer, base.configuration)
        self.start = start
        memory = try configuration.memory.map { settings in
            try TrainingMemory(
                settings, of: configuration, former: start.model ?? base.copy(), old: start.old, tokenizer: tokenizer)
        }
        base.requireGrad(configuration.adapters == nil)
        self.model = configuration.adapters.map { [generator] in base.adapted($0, generator: generator) } ?? base
        exit = try configuration.earlyExit?.exit(of: base, goingOnFrom: start.exit)
        optimizer = TrainingOptimizer(
            configuration.optimization, self.model.trainedParameters + (exit?.trainedParameters ?? []),
            steps: configuration.steps)
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
    /// - Throws: `TrainingError.nonFinite` or `.exploded`, naming the batch, before the weights change.
    func advance() throws(TrainingError) -> StepReport {
        let started = ContinuousClock.now
        let members = sampler?.batch(atStep: step) ?? curriculum.batch(atStep: step)
        let batch = TokenBatch(members, of: set)
        let check = StepCheck(step: step + 1, batch: BatchName(rows: members.map(Int.init)))
        optimizer.zeroGrad()
        let losses = losses(of: batch)
        let lossValue = losses.completions.item()
        try check.requireSound(loss: lossValue, chance: log(Double(model.configuration.vocabularySize)))
        losses.total(configuration).backward()
        var kept = memory?.addGradients(of: model, atStep: step) ?? [:]
        let gradNorm = optimizer.clipGradients()
        try check.requireFinite(gradNorm, "gradient's norm")
        let learningRate = optimizer.advance(learningRateShare: learningRateShare)
        let stage = sampler?.state
        sampler?.advance(pastStep: step)
        step += 1
        memory?.follow(model, isLast: step == configuration.steps)
        if let memory { kept.merge(memory.probe(afterSteps: step) { measure($0, of: $1) }) { first, _ in first } }
        let probe = sampler?.probe(afterSteps: step) { measure($0, of: set) }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        secondsPerStep.add(seconds)
        return StepReport(
            step: step, steps: configuration.steps, loss: lossValue, gradNorm: gradNorm,
            learningRate: learningRate, tokens: batch.tokenCount,
            tokensPerSecond: Double(batch.tokenCount) / seconds,
            secondsLeft: Double(configuration.steps - step) * (secondsPerStep.value ?? 0),
            curriculum: stage.map {
                CurriculumReport(stage: $0.stage + 1, difficulty: $0.difficulty + 1, probe: probe)
            },
            memory: kept, exitLoss: losses.exit?.item())
    }

    /// Mean loss of a token over all examples of a set.
    func loss(over set: TrainingSet) -> Double {
        noGrad {
            var plan = BatchPlan(
                set: set, members: set.entries.indices.map(Int32.init), tokensPerBatch: configuration.tokensPerBatch,
                seed: 0)
            var (total, count) = (0.0, 0)
            for number in 0..<plan.batchCount {
                let batch = TokenBatch(plan.batch(atStep: number), of: set)
                total += batch.logits_NV(model).crossEntropy(batch.targets_N, reduction: .sum).item()
                count += batch.targets_N.count
            }
            return total / Double(count)
        }
    }

    /// What going on needs of the memory; empty for most runs.
    var memoryState: [String: Tensor] { memory?.state ?? [:] }

    /// Continues where a checkpoint was written.
    func restore(
        optimizer state: [String: Tensor], memory memoryState: [String: Tensor], random: Tensor, step: Int,
        sampler: CurriculumSampler.State?
    ) throws(TensorError) {
        try optimizer.load(state)
        try memory?.load(memoryState)
        if let sampler { self.sampler?.restore(sampler) }
        try generator.restore(random)
        self.step = step
    }

    /// Mean cross-entropy over the tokens of completions, and of prompts where the run learns them; nothing else is
    /// computed to the end. With an early exit, the same there.
    private func losses(of batch: TokenBatch) -> StepLosses {
        let (count, promptCount) = (batch.targets_N.count, batch.promptTargets_M.count)
        let learnsPrompts = configuration.promptLoss > 0 && promptCount > 0
        let places =
            learnsPrompts ? Tensor.cat([batch.positions_N, batch.promptPositions_M]) : batch.positions_N
        func loss(_ logits: (Tensor) -> Tensor, _ hidden_PC: Tensor) -> (completions: Tensor, prompts: Tensor?) {
            guard learnsPrompts else { return (logits(hidden_PC).crossEntropy(batch.targets_N), nil) }
            let parts = hidden_PC.split([count, promptCount], dim: 0)
            return (
                logits(parts[0]).crossEntropy(batch.targets_N), logits(parts[1]).crossEntropy(batch.promptTargets_M)
            )
        }
        guard let exit else {
            let own = loss(model.logits, model.hiddenStates(batch.line, at: places, dropout: dropout))
            return StepLosses(completions: own.completions, prompts: own.prompts)
        }
        let hidden = model.hiddenStates(batch.line, at: places, behind: exit, dropout: dropout)
        let own = loss(model.logits, hidden.last_PC)
        let early = loss(exit.logits, hidden.exit_PC)
        return StepLosses(
            completions: own.completions, prompts: own.prompts, exit: early.completions, exitPrompts: early.prompts)
    }

    private var dropout: Dropout? {
        configuration.dropout > 0 ? Dropout(rate: configuration.dropout, generator: generator) : nil
    }

    /// The next step's learning rate as a share of its peak.
    private var learningRateShare: Double {
        var optimization = configuration.optimization
        guard let sampler, sampler.state.stage > 0, let reWarmSteps = sampler.schedule.reWarmSteps else {
            return optimization.learningRateShare(atStep: step, of: configuration.steps)
        }
        optimization.warmUpSteps = reWarmSteps
        let start = sampler.state.stageStart
        return optimization.learningRateShare(atStep: step - start, of: configuration.steps - start)
    }
}
