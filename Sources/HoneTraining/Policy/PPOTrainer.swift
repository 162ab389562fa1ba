public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// Reinforcement learning on answers that the policy samples itself, step by step, on the calling thread: PPO, GRPO,
/// RLOO and the other points of the grid of ``PolicyObjective``.
///
/// Everything a step does follows from the configuration, the prompts, the verdicts and the number of steps done, so a
/// run can stop after any step and go on elsewhere.
public final class PPOTrainer: ResumableTrainer {
    public let configuration: PPOConfiguration
    let networks: PolicyNetworks
    let tokenizer: ByteTokenizer
    let judge: any AnswerJudging
    let generator: Generator
    let optimizer: TrainingOptimizer
    let criticOptimizer: TrainingOptimizer?
    var prompts: PromptSet
    var controller: KLController
    var collapseGuard = CollapseGuard()
    var firstPasses = FirstPasses()
    /// Whether this attempt has compared gradients of answers together and one by one.
    var hasCheckedSplit = false
    /// Nil where every prompt is asked in turn.
    var admission: AdmissionGate?
    var peak = PeakRecord()
    /// The trained weights as they were at the peak of what is watched.
    var best: [String: Tensor] = [:]
    /// The trained weights as they were at the probe's best; empty after a run was resumed, until the next best.
    var sound: [String: Tensor] = [:]
    /// Whether what is watched fell, and the weights are those of its peak again.
    public internal(set) var endedAtPeak = false
    /// Steps done.
    public internal(set) var step = 0
    /// Why the run stopped itself; nil while it goes well.
    public internal(set) var stopCause: StopCause?

    public var steps: Int { configuration.steps }
    public var checkpointInterval: Int { configuration.checkpointInterval }
    public var isDone: Bool { step >= configuration.steps || stopCause != nil || endedAtPeak }
    public var isSound: Bool { stopCause == nil }
    /// What learns; with adapters beside its matrices where the run trains those.
    public var policy: CausalLanguageModel { networks.policy }

    /// - Parameters:
    ///   - configuration: the run in full
    ///   - policy: where the run starts from; trained in place unless the run trains adapters
    ///   - reference: the policy as it is now when nil
    ///   - critic: a reward model's copy (``ScoringModel/makeCritic()``) is the best start; the policy's copy when nil
    ///   - prompts: in an order that is part of the run
    ///   - tokenizer: of all networks
    ///   - judge: judges answers
    /// - Throws: `TrainingError` for a setting or a prompt that cannot be meant.
    public convenience init(
        _ configuration: PPOConfiguration, policy: CausalLanguageModel, reference: CausalLanguageModel? = nil,
        critic: ScoringModel? = nil, prompts: [String], tokenizer: ByteTokenizer, judge: any AnswerJudging
    ) throws {
        try configuration.validate()
        Threads.set(intraOp: configuration.threads)
        let generator = Generator(seed: configuration.seed)
        let networks = try PolicyNetworks(
            configuration, policy: policy, reference: reference, critic: critic, generator: generator)
        try self.init(
            configuration, networks: networks, generator: generator, prompts: prompts, tokenizer: tokenizer,
            judge: judge)
    }

    /// The same with a function that judges one answer at a time.
    public convenience init(
        _ configuration: PPOConfiguration, policy: CausalLanguageModel, reference: CausalLanguageModel? = nil,
        critic: ScoringModel? = nil, prompts: [String], tokenizer: ByteTokenizer, reward: @escaping RewardFunction
    ) throws {
        try self.init(
            configuration, policy: policy, reference: reference, critic: critic, prompts: prompts,
            tokenizer: tokenizer, judge: SingleAnswerJudge(reward: reward))
    }

    init(
        _ configuration: PPOConfiguration, networks: PolicyNetworks, generator: Generator, prompts: [String],
        tokenizer: ByteTokenizer, judge: any AnswerJudging
    ) throws {
        try requireDistinctEnd(tokenizer, networks.policy.configuration)
        self.configuration = configuration
        self.networks = networks
        self.generator = generator
        self.tokenizer = tokenizer
        self.judge = judge
        self.prompts = try PromptSet(
            prompts, tokenizer: tokenizer, contextLength: networks.policy.configuration.maxPositionCount,
            promptsPerStep: configuration.promptsPerStep, seed: configuration.seed,
            keptOutCount: configuration.probe?.prompts ?? 0)
        let learntCount = self.prompts.learnt.count
        admission = try configuration.admission.map { gate throws(TrainingError) in
            try AdmissionGate(gate, promptCount: learntCount, seed: configuration.seed)
        }
        controller = KLController(
            coefficient: configuration.divergence.coefficient, target: configuration.divergence.target)
        optimizer = TrainingOptimizer(configuration.optimizer, networks.trained, steps: configuration.steps)
        criticOptimizer = networks.critic.map {
            TrainingOptimizer(configuration.criticOptimizer, $0.namedParameters, steps: configuration.steps)
        }
    }

    /// Samples a batch of answers, has them judged, and learns from them.
    ///
    /// - Throws: `TrainingError.nonFinite` or `.invariant` where going on would train on nonsense.
    public func advance() throws -> PPOStepReport {
        let sampling = try sampleAndJudge()
        var report = try learn(from: sampling.rollouts, measures: sampling.measures)
        report.samplingSeconds = sampling.samplingSeconds
        report.scoringSeconds = sampling.scoringSeconds
        return report
    }

    /// Has answers judged.
    ///
    /// - Parameters:
    ///   - rollouts: get their verdicts
    ///   - areVerified: whether the verdicts that they have are the verifier's, which is then not asked again
    /// - Returns: the means of what else the judge measured, over the answers that have it
    func judge(_ rollouts: inout [Rollout], areVerified: Bool = false) -> [String: Double] {
        let judged = judge.judge(
            rollouts.map {
                var answer = answer(toPrompt: $0.prompt, text: $0.text, tokens: $0.tokens)
                if areVerified { answer.verified = $0.verdict }
                return answer
            })
        var values: [String: [Double]] = [:]
        for index in rollouts.indices {
            rollouts[index].verdict = judged[index].verdict
            for (name, value) in judged[index].measures { values[name, default: []].append(value) }
        }
        return values.mapValues { $0.reduce(0, +) / Double($0.count) }
    }

    /// An answer to the prompt at a place, as a judge sees it.
    func answer(toPrompt place: Int, text: String, tokens: [Int32]) -> AnswerToJudge {
        AnswerToJudge(
            prompt: prompts.texts[place], completion: text, promptTokens: prompts.tokens[place], tokens: tokens)
    }

    /// Learns from answers that were sampled and judged, here or elsewhere; `measures` of them go on record.
    ///
    /// - Throws: `TrainingError`; the weights are then those from before.
    public func learn(from rollouts: [Rollout], measures: [String: Double] = [:]) throws -> PPOStepReport {
        let started = ContinuousClock.now
        var report = PPOStepReport(step: step + 1, steps: configuration.steps)
        report.measures = measures
        if step == 0 {
            report.probeAtStart = try probe(afterSteps: 0)
            if report.probeAtStart != nil { sound = trainedWeights }
        }
        let scored = try admit(rollouts, &report)
        let schedule = schedule(scored)
        let experience = try gather(scored, schedule, &report)
        try watch(measures, &report)
        try update(on: experience, schedule, &report)
        if endedAtPeak { restore(best) }
        controller.update(divergence: report.divergence, responseCount: scored.count)
        step += 1
        report.probe = try probe(afterSteps: step)
        report.learningSeconds = (ContinuousClock.now - started) / .seconds(1)
        stopCause = collapseGuard.check(report, configuration.limits)
        report.stopCause = stopCause
        if report.probe != nil, report.probe == collapseGuard.bestProbe { sound = trainedWeights }
        if stopCause?.quantity == .probe { restore(sound) }
        return report
    }

    /// The answers that were judged; what the report says of all of them.
    private func admit(_ rollouts: [Rollout], _ report: inout PPOStepReport) throws(TrainingError) -> [Rollout] {
        for rollout in rollouts where step - rollout.policyStep > configuration.maximumStaleness {
            throw .stale(
                prompt: rollout.prompt, policyStep: rollout.policyStep, step: step,
                limit: configuration.maximumStaleness)
        }
        let scored = rollouts.filter { $0.verdict.score != nil && !$0.tokens.isEmpty }
        guard !scored.isEmpty else {
            throw .noExamples("none of the \(rollouts.count) answers of step \(step + 1) could be judged")
        }
        let count = Double(scored.count)
        report.answerCount = rollouts.count
        report.staleness = rollouts.map { step - $0.policyStep }.max() ?? 0
        report.unscorableCount = rollouts.count - scored.count
        report.score = scored.reduce(0) { $0 + ($1.verdict.score ?? 0) } / count
        report.completeShare = Double(scored.count { $0.isComplete }) / count
        report.sampledTokens = rollouts.reduce(0) { $0 + $1.tokens.count }
        report.meanLength = Double(scored.reduce(0) { $0 + $1.tokens.count }) / count
        return scored
    }
}

// What is watched and not learnt from.
extension PPOTrainer {
    /// Takes in what was measured of answers of the policy as it is, before it learns from them.
    private func watch(_ measures: [String: Double], _ report: inout PPOStepReport) throws(TrainingError) {
        guard let watch = configuration.watch else { return }
        guard let value = measures[watch.measure], value.isFinite else {
            let known = measures.keys.sorted().joined(separator: ", ")
            throw .configuration(
                key: "watch",
                reason: "names \(watch.measure), and the judge measures \(known.isEmpty ? "nothing" : known)")
        }
        switch peak.note(value, ofStep: step + 1, watch) {
        case .best:
            best = trainedWeights
        case .fallen: endedAtPeak = true
        case .lower: break
        }
        (report.peak, report.peakStep, report.endedAtPeak) = (peak.best, peak.bestStep, endedAtPeak)
    }

    private var trainedWeights: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: networks.trained.map { ($0.name, $0.tensor.detach().clone()) })
    }

    private func restore(_ weights: [String: Tensor]) {
        noGrad {
            for parameter in networks.trained {
                if let source = weights[parameter.name] { parameter.tensor.copyInPlace(source) }
            }
        }
    }
}
