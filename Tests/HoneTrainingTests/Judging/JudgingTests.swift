import HoneModel
import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneTraining

@Suite struct JudgingTests {
    private let tokenizer = Fixture.tokenizer

    private func model(_ kind: ScoringModel.Kind, seed: UInt64 = 1, scale: RewardScale = .init()) -> RewardModel {
        let backbone = CausalLanguageModel(Fixture.modelShape(hiddenSize: 16), generator: Generator(seed: seed))
        return RewardModel(
            network: ScoringModel(kind, on: backbone, generator: Generator(seed: seed)), tokenizer: tokenizer,
            scale: scale)
    }

    private func answer(_ completion: String, prompt: String = "1+1=?\n", ends: Bool = true) -> AnswerToJudge {
        AnswerToJudge(
            prompt: prompt, completion: completion, promptTokens: tokenizer.encode(prompt),
            tokens: tokenizer.encode(completion) + (ends ? [tokenizer.endOfTextID] : []))
    }

    @Test func `an outcome is read at the last token, whatever stands beside it`() throws {
        let model = model(.reward)
        let rows = ["1\n#### 2", "a much longer answer\n#### 2"].map { tokenizer.encode($0) + [tokenizer.endOfTextID] }
        let together = model.rewards(of: rows).map { $0 ?? .nan }
        for (row, reward) in zip(rows, together) {
            let whole = model.network.scores(TokenLine([row]), at: Tensor([row.count - 1])).item()
            #expect(abs(whole - reward) < 1e-5)
        }
        #expect(model.rewards(of: [[Int32](repeating: 1, count: 65)]) == [nil])
    }

    @Test func `a critic starts with the rewards in their units`() throws {
        let model = model(.reward, scale: RewardScale(mean: 0.5, deviation: 2))
        let critic = try model.makeCritic(weight: 3)
        let row = tokenizer.encode("1\n#### 2")
        let reward = try #require(model.rewards(of: [row])[0])
        #expect(abs(critic.scores(TokenLine([row]), at: Tensor([row.count - 1])).item() - 3 * reward) < 1e-5)
    }

    @Test func `members that disagree are trusted less`() throws {
        let ensemble = try RewardEnsemble([model(.reward, seed: 1), model(.reward, seed: 2)])
        let answers = [answer("#### 2"), answer("1+1=2\n#### 2")]
        let plain = RewardMixture(outcome: .init(ensemble)).judge(answers)
        let careful = RewardMixture(outcome: .init(ensemble, disagreementPenalty: 1)).judge(answers)
        for (plain, careful) in zip(plain, careful) {
            let mean = try #require(plain.measures["outcome_reward"])
            let disagreement = try #require(plain.measures["outcome_disagreement"])
            #expect(disagreement > 0)
            #expect(plain.verdict.score == mean)
            #expect(careful.verdict.score == mean - disagreement)
        }
    }

    @Test(arguments: StepAggregation.allCases)
    func `rewards of steps add up to the solution's score`(_ aggregation: StepAggregation) {
        let probabilities = [0.9, 0.4, 0.8]
        let whole = ProcessReward(aggregation: aggregation, placement: .end).rewards(probabilities, at: [3, 6, 9])
        let spread = ProcessReward(aggregation: aggregation, placement: .steps).rewards(probabilities, at: [3, 6, 9])
        #expect(whole.steps.isEmpty)
        #expect(spread.whole == 0)
        #expect(spread.steps.map(\.position) == [3, 6, 9])
        #expect(abs(spread.steps.reduce(0) { $0 + $1.value } - whole.whole) < 1e-12)
        #expect(ProcessReward(aggregation: aggregation).rewards([], at: []).whole == 0)
    }

    @Test func `a step's reward lands on the line break that ends it`() {
        let process = RewardMixture.Process(model(.step), weight: 2, reward: ProcessReward(placement: .steps))
        let judged = RewardMixture(process: process).judge([answer("1+1=2\n2+0=2\n#### 2")])[0]
        #expect(judged.verdict.steps.map(\.position) == [5, 11])
        let total = judged.verdict.steps.reduce(0) { $0 + $1.value }
        #expect(abs(total - 2 * (judged.measures["process_reward"] ?? 0)) < 1e-12)
    }

    @Test func `what one judge of weight cannot judge has no reward`() throws {
        let unsure: RewardFunction = { _, completion, _ in
            completion.hasPrefix("####") ? .scored(1) : .unscorable(reason: "no answer")
        }
        let outcome = RewardMixture.Outcome(try RewardEnsemble([model(.reward)]))
        let answers = [answer("#### 2"), answer("two"), answer(String(repeating: "1", count: 70))]
        let weighty = RewardMixture(verifier: unsure, verifierWeight: 0.5, outcome: outcome).judge(answers)
        #expect(weighty.map { $0.verdict.score != nil } == [true, false, false])
        let measured = RewardMixture(verifier: unsure, verifierWeight: 0, outcome: outcome).judge(answers)
        #expect(measured.map { $0.verdict.score != nil } == [true, true, false])
        #expect(measured.map { $0.measures["verifier"] } == [1, nil, nil])
    }

    @Test func `PPO learns from a reward model and puts on record what else was measured`() throws {
        var configuration = PolicyFixture.configuration(steps: 1)
        configuration.maximumNewTokens = 4
        let judge = model(.reward)
        let mixture = RewardMixture(
            verifier: PolicyFixture.reward, verifierWeight: 0, outcome: .init(try RewardEnsemble([judge])))
        let trainer = try PPOTrainer(
            configuration, policy: PolicyFixture.model(), critic: judge.makeCritic(), prompts: PolicyFixture.prompts,
            tokenizer: tokenizer, judge: mixture)
        let report = try trainer.advance()
        #expect(report.measures.keys.sorted() == ["outcome_reward", "verifier"])
        #expect(abs(report.score - (report.measures["outcome_reward"] ?? .nan)) < 1e-9)
        #expect(report.metrics["verifier"] == report.measures["verifier"])
    }
}
