import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneTraining

@Suite struct PPOTrainerTests {
    @Test(arguments: AdvantageEstimator.allCases)
    func `the score rises with every estimator`(estimator: AdvantageEstimator) throws {
        var configuration = PolicyFixture.configuration(steps: 25, estimator)
        configuration.limits.entropyShare = nil
        configuration.limits.zeroVarianceShare = nil
        let trainer = try PolicyFixture.trainer(configuration)
        let scores = try (0..<25).map { _ in try trainer.advance().score }
        let (first, last) = (scores.prefix(5).reduce(0, +) / 5, scores.suffix(5).reduce(0, +) / 5)
        #expect(first < 0.62 && last > first + 0.2, "\(first) to \(last)")
    }

    @Test(arguments: AdvantageEstimator.allCases, [1.0, 0.7])
    func `T17, T18, T19: the first step is on policy, at the reference and of one mind with the sampler`(
        estimator: AdvantageEstimator, temperature: Double
    ) throws {
        var configuration = PolicyFixture.configuration(steps: 2, estimator)
        configuration.temperature = temperature
        // One update, so that the report's ratio is that of the first.
        configuration.epochs = 1
        configuration.answersPerUpdate = 16
        let report = try PolicyFixture.trainer(configuration).advance()
        #expect(report.maximumRatio == 1)
        #expect(report.clipShare == 0 && report.movedDivergence == 0)
        #expect(report.divergence == 0)
        #expect(report.samplerDeviation <= 5e-6)
    }

    @Test func `T17: a ratio that is not 1 at first stops the run before its weights move`() throws {
        let trainer = try PolicyFixture.trainer(PolicyFixture.configuration(steps: 2))
        var rollouts = try trainer.sample()
        for i in rollouts.indices { rollouts[i].verdict = .scored(1) }
        let schedule = trainer.schedule(rollouts)
        var report = PPOStepReport(step: 1, steps: 2)
        let experience = try trainer.gather(rollouts, schedule, &report)
        _ = noGrad { experience.old_RW.addInPlace(0.01) }
        let before = trainer.policy.stateDictionary().mapValues { $0.clone() }
        let error = #expect(throws: TrainingError.self) { try trainer.update(on: experience, schedule, &report) }
        #expect("\(try #require(error))".contains("the first ratio's distance from 1"))
        for (name, tensor) in trainer.policy.stateDictionary() { #expect(tensor.equals(try #require(before[name]))) }
    }

    @Test func `T19: a sampler that says something else than the trainer is noticed`() throws {
        let trainer = try PolicyFixture.trainer(PolicyFixture.configuration(steps: 2))
        var rollouts = try trainer.sample()
        for i in rollouts.indices { rollouts[i].verdict = .scored(1) }
        rollouts[3].logProbs[1] += 0.001
        let error = #expect(throws: TrainingError.self) { try trainer.learn(from: rollouts) }
        #expect("\(try #require(error))".contains("sampler"))
        #expect(trainer.step == 0)
    }

    @Test func `T19: a sampler that is a little wrong everywhere is noticed though no token is far off`() throws {
        let trainer = try PolicyFixture.trainer(PolicyFixture.configuration(steps: 2))
        var rollouts = try trainer.sample()
        for i in rollouts.indices {
            rollouts[i].verdict = .scored(1)
            for t in rollouts[i].logProbs.indices { rollouts[i].logProbs[t] *= 1.00002 }
        }
        let error = #expect(throws: TrainingError.self) { try trainer.learn(from: rollouts) }
        #expect("\(try #require(error))".contains("the sampler's mean distance"))
    }

    @Test func `T19: sampler and trainer agree within 5e-6 over a hundred thousand tokens`() throws {
        var configuration = PolicyFixture.configuration(steps: 1, .grpo)
        configuration.promptsPerStep = 1024
        configuration.samplesPerPrompt = 2
        configuration.maximumNewTokens = 60
        configuration.divergence.coefficient = 0
        let trainer = try PolicyFixture.trainer(configuration)
        var rollouts = try trainer.sample()
        for i in rollouts.indices { rollouts[i].verdict = .scored(Double(i % 2)) }
        var report = PPOStepReport(step: 1, steps: 1)
        _ = try trainer.gather(rollouts, trainer.schedule(rollouts), &report)
        #expect(rollouts.reduce(0) { $0 + $1.tokens.count } > 100_000)
        #expect(report.samplerDeviation <= 5e-6)
    }

    @Test func `T30: nothing is dropped out, so that two passes of a policy in training give the same bits`() throws {
        let trainer = try PolicyFixture.trainer(PolicyFixture.configuration(steps: 2))
        let ids_BT = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        let passes = (0..<2).map { _ in trainer.policy(ids_BT) }
        #expect(passes[0].equals(passes[1]))
        #expect(passes[0].equals(noGrad { trainer.policy(ids_BT) }))
    }

    @Test func `T28: a policy that ends with the padding is refused`() throws {
        var shape = Fixture.modelShape(hiddenSize: 32)
        shape.eosTokenIDs = [Int(Fixture.tokenizer.paddingID)]
        let error = #expect(throws: TrainingError.self) {
            try PPOTrainer(
                PolicyFixture.configuration(steps: 1),
                policy: CausalLanguageModel(shape, generator: Generator(seed: 1)), prompts: PolicyFixture.prompts,
                tokenizer: Fixture.tokenizer, reward: PolicyFixture.reward)
        }
        #expect("\(try #require(error))".contains("pads with token 257, which also ends an answer"))
    }

    @Test func `T28: a model that says of its end token that it pads is refused by every training`() throws {
        var shape = Fixture.modelShape(hiddenSize: 32)
        shape.eosTokenIDs = [256]
        shape.padTokenID = 256
        func expectRefusal(_ train: (CausalLanguageModel) throws -> Void) throws {
            let model = CausalLanguageModel(shape, generator: Generator(seed: 1))
            let error = #expect(throws: TrainingError.self) { try train(model) }
            #expect("\(try #require(error))".contains("pads with token 256, which also ends an answer"))
        }
        try expectRefusal { policy in
            _ = try PPOTrainer(
                PolicyFixture.configuration(steps: 1), policy: policy, prompts: PolicyFixture.prompts,
                tokenizer: Fixture.tokenizer, reward: PolicyFixture.reward)
        }
        try expectRefusal { policy in
            _ = try DirectPreferenceTrainer(
                DirectPreferenceConfiguration(steps: 1), policy: policy,
                pairs: [AnswerPair(prompt: [1], chosen: [2, 256], rejected: [3, 256], weight: 1)],
                tokenizer: Fixture.tokenizer)
        }
        try expectRefusal { backbone in
            let pair = PreferencePair(chosen: [1, 2, 256], rejected: [1, 3, 256], margin: 0, isTie: false, weight: 1)
            _ = try RewardTrainer(
                RewardConfiguration(steps: 1), backbone: backbone, examples: .pairs([pair]), heldOut: nil,
                tokenizer: Fixture.tokenizer)
        }
    }

    @Test func `groups of one score are dropped and others asked in their place`() throws {
        var configuration = PolicyFixture.configuration(steps: 1, .grpo)
        configuration.admission = AdmissionConfiguration()
        configuration.admission?.maximumRounds = 2
        // Of even prompts all answers are good; of odd ones those that begin with an odd byte.
        let trainer = try PolicyFixture.trainer(configuration) { prompt, _, tokens in
            let isEven = Int(prompt.dropLast()).map { $0 % 2 == 0 } ?? false
            return .scored(isEven || (tokens.first ?? 0) % 2 == 1 ? 1 : 0)
        }
        let sampling = try trainer.sampleAndJudge()
        let groups = Dictionary(grouping: sampling.rollouts, by: \.group)
        #expect(!groups.isEmpty && groups.count <= configuration.promptsPerStep)
        for group in groups.values {
            #expect(group.count == 4 && Set(group.map(\.prompt)).count == 1)
            #expect(Set(group.map(\.verdict.score)).count == 2 && group[0].prompt % 2 == 1)
        }
        let state = try #require(trainer.admission?.state)
        #expect(state.admittedCount == groups.count && state.droppedCount > 0)
    }

    @Test func `a gate that drops groups of one score wants groups`() {
        var configuration = PolicyFixture.configuration(steps: 1)
        configuration.samplesPerPrompt = 1
        configuration.admission = AdmissionConfiguration()
        #expect(throws: TrainingError.self) { try configuration.validate() }
        configuration.admission?.dropsUniform = false
        #expect(throws: Never.self) { try configuration.validate() }
    }

    @Test func `a loss that is no number names the prompts, and moves no weight`() throws {
        var configuration = PolicyFixture.configuration(steps: 2, .grpo)
        configuration.divergence.coefficient = 0
        configuration.answersPerUpdate = 16
        let trainer = try PolicyFixture.trainer(configuration)
        var rollouts = try trainer.sample()
        for i in rollouts.indices { rollouts[i].verdict = .scored(Double(i % 2)) }
        let schedule = trainer.schedule(rollouts)
        var report = PPOStepReport(step: 1, steps: 2)
        let experience = try trainer.gather(rollouts, schedule, &report)
        _ = noGrad { experience.advantages_RW.fillInPlace(Double.nan) }
        let before = trainer.policy.stateDictionary().mapValues { $0.clone() }
        let error = #expect(throws: TrainingError.self) { try trainer.update(on: experience, schedule, &report) }
        let first = Set(schedule.epochs[0][0].flatMap(\.rows).map { rollouts[$0].prompt }).sorted().prefix(8)
        let named = first.map(String.init).joined(separator: ", ")
        #expect("\(try #require(error))".contains("nan on rows \(named)"))
        for (name, tensor) in trainer.policy.stateDictionary() { #expect(tensor.equals(try #require(before[name]))) }
    }

    @Test func `T27: an answer that could not be judged moves nothing, with a critic or without`() throws {
        for estimator in [AdvantageEstimator.gae, .grpo] {
            let trainers = try (0..<2).map { _ in
                try PolicyFixture.trainer(PolicyFixture.configuration(steps: 2, estimator))
            }
            var rollouts = try trainers[0].sample()
            for i in rollouts.indices { rollouts[i].verdict = .scored(Double(i % 3)) }
            rollouts[5].verdict = .unscorable(reason: "the judge timed out")
            rollouts[6].verdict = .scored(.nan)
            let report = try trainers[0].learn(from: rollouts)
            #expect(report.unscorableCount == 2)
            _ = try trainers[1].learn(
                from: rollouts.enumerated().filter { $0.offset != 5 && $0.offset != 6 }.map(\.element))
            let other = trainers[1].policy.stateDictionary()
            for (name, tensor) in trainers[0].policy.stateDictionary() {
                #expect(tensor.equals(try #require(other[name])), "\(name)")
            }
        }
    }

    @Test func `T26: groups of one score teach nothing and are counted`() throws {
        var configuration = PolicyFixture.configuration(steps: 2, .grpo)
        configuration.divergence.coefficient = 0
        let trainer = try PolicyFixture.trainer(configuration) { _, _, _ in .scored(0.1) }
        let before = trainer.policy.stateDictionary().mapValues { $0.clone() }
        let report = try trainer.advance()
        #expect(report.zeroVarianceShare == 1 && report.gradNorm == 0)
        for (name, tensor) in trainer.policy.stateDictionary() {
            #expect(tensor.equals(try #require(before[name])), "\(name)")
        }
    }

    @Test func `T36: an answer older than the bound is refused`() throws {
        var configuration = PolicyFixture.configuration(steps: 6)
        configuration.maximumStaleness = 1
        configuration.importance = ImportanceCorrection()
        let trainer = try PolicyFixture.trainer(configuration)
        var old = try trainer.sample()
        for i in old.indices { old[i].verdict = .scored(Double(i % 2)) }
        _ = try trainer.advance()
        _ = try trainer.learn(from: old)
        let error = #expect(throws: TrainingError.self) { try trainer.learn(from: old) }
        guard case .stale? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(trainer.step == 2)
    }

    @Test func `T29: a reference that changed is noticed before a checkpoint vouches for it`() async throws {
        let trainer = try PolicyFixture.trainer(PolicyFixture.configuration(steps: 4))
        for _ in 0..<3 { _ = try trainer.advance() }
        try trainer.requireReferenceUnchanged()
        noGrad { _ = trainer.networks.reference?.parameters[0].addInPlace(1e-6) }
        try await withTemporaryDirectory { root in
            let error = #expect(throws: TrainingError.self) { try trainer.writeCheckpoint(to: root + "/one") }
            let message = "\(try #require(error))"
            #expect(message.contains("reference"))
        }
    }

    @Test func `adapters alone are trained, and the reference is the network without them`() throws {
        var configuration = PolicyFixture.configuration(steps: 3, .rloo)
        configuration.adapters = AdapterConfiguration(rank: 4, alpha: 8)
        let trainer = try PolicyFixture.trainer(configuration)
        let before = trainer.policy.stateDictionary().mapValues { $0.clone() }
        let reports = try (0..<3).map { _ in try trainer.advance() }
        #expect(reports[0].divergence == 0 && reports[2].divergence != 0)
        for (name, tensor) in trainer.policy.stateDictionary() { #expect(tensor.equals(try #require(before[name]))) }
        try trainer.requireReferenceUnchanged()
    }

    @Test func `the divergence weight follows its target and epochs end where the policy moved too far`() throws {
        var configuration = PolicyFixture.configuration(steps: 6)
        configuration.divergence.target = .init(divergence: 0.01, horizon: 32)
        configuration.divergence.stopAbove = 1e-4
        let trainer = try PolicyFixture.trainer(configuration)
        let reports = try (0..<6).map { _ in try trainer.advance() }
        #expect(reports[5].divergenceCoefficient > reports[1].divergenceCoefficient)
        #expect(reports.contains { $0.endedEarly && $0.updateCount < 4 })
    }

    @Test func `a critic starts from a reward model`() throws {
        let rewardModel = ScoringModel(.reward, on: PolicyFixture.model(seed: 2), generator: Generator(seed: 3))
        let trainer = try PPOTrainer(
            PolicyFixture.configuration(steps: 2), policy: PolicyFixture.model(), critic: rewardModel.makeCritic(),
            prompts: PolicyFixture.prompts, tokenizer: Fixture.tokenizer, reward: PolicyFixture.reward)
        #expect(try trainer.advance().valueLoss > 0)
    }
}
