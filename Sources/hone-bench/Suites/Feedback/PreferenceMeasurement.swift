import HoneInference
import HoneModel
import HoneProblems
import HoneTensor
import HoneTraining
import HoneWorker

/// One seed of what people's preferences teach: a reward model, and a policy that learns from it.
struct PreferenceMeasurement {
    let seed: UInt64
    let options: RLHFSuite.Sizes
    let policySettings: PPOConfiguration
    let verbose: Bool

    struct RewardResult {
        /// On noisy labels, and on the utility's own order.
        let accuracy: Double
        let trueAccuracy: Double
        let calibrationError: Double
        let separableAccuracy: Double
        let lengthCorrelation: Double
        /// The share of labels that are right: nobody can agree with more of them.
        let ceiling: Double
        let pairCount: Int
    }

    struct PolicyResult {
        /// Of prompts whose answers differ in utility, the share where the new one's is the better.
        let preferredShare: Double
        /// Of all prompts.
        let winShare: Double
        let lossShare: Double
        let utilityBefore: Double
        let utilityAfter: Double
        let accuracyBefore: Double
        let accuracyAfter: Double
        /// Mean tokens of an answer, after over before.
        let lengthRatio: Double
        /// Fall of the true utility from its peak to what was kept, as a share of the peak.
        let fallFromPeak: Double
        let stopCause: String?
    }

    /// Answers of the policy to training problems and to held-out ones, several each.
    struct Answers {
        let training: [[GenerationResult]]
        let heldOut: [[GenerationResult]]
    }

    func sample(_ policy: SupervisedPolicy, _ problems: FeedbackProblems) throws -> Answers {
        Threads.set(intraOp: 1)
        let model = try policy.load()
        return Answers(
            training: try SupervisedPolicy.answers(
                of: model, to: problems.labelled, each: options.answersPerPrompt, temperature: 1, seed: seed),
            heldOut: try SupervisedPolicy.answers(
                of: model, to: problems.heldOut, each: options.answersPerPrompt, temperature: 1, seed: seed &+ 1))
    }

    /// The reward model starts from what the process model knows of arithmetic, as preference models start from other
    /// judgements in plenty (Askell et al. 2021, arXiv:2112.00861, section 4).
    func reward(
        _ backbone: CausalLanguageModel, _ judge: SupervisedPolicy, _ problems: FeedbackProblems, _ answers: Answers
    ) throws -> (model: RewardModel, result: RewardResult) {
        Threads.set(intraOp: 1)
        let measurement = RewardMeasurement(
            seed: seed, steps: options.rewardSteps, learningRate: options.rewardRate, verbose: verbose)
        let training = NoisyPreferences(
            problems.labelled, answers: answers.training, flipRate: options.flipRate, seed: seed)
        let heldOut = NoisyPreferences(
            problems.heldOut, answers: answers.heldOut, flipRate: options.flipRate, seed: seed &+ 1)
        let (trainer, evaluation) = try measurement.train(
            .pairs(training.pairs), heldOut: .pairs(heldOut.pairs), from: backbone, steps: options.rewardSteps)
        guard let evaluation else { preconditionFailure("a reward model without an evaluation") }
        let rewards = (
            chosen: trainer.rewards(of: heldOut.pairs.map(\.chosen)),
            rejected: trainer.rewards(of: heldOut.pairs.map(\.rejected))
        )
        let separable = try measurement.train(
            .pairs(SeparablePairs.make(Array(problems.labelled.prefix(400)))),
            heldOut: .pairs(SeparablePairs.make(problems.heldOut)), from: judge.load(), steps: 40)
        let result = RewardResult(
            accuracy: evaluation.accuracy, trueAccuracy: heldOut.trueAccuracy(rewards),
            calibrationError: evaluation.calibrationError, separableAccuracy: separable.evaluation?.accuracy ?? 0,
            lengthCorrelation: evaluation.lengthCorrelation ?? 0,
            ceiling: Double(heldOut.isFlipped.count { !$0 }) / Double(max(1, heldOut.pairs.count)),
            pairCount: training.pairs.count)
        return (
            RewardModel(network: trainer.model, tokenizer: SupervisedPolicy.tokenizer, scale: evaluation.scale), result
        )
    }

    /// Those of `ppo-learning`, watched, with those of a JSON object in the place of some.
    static func settings(overlaid text: String) throws -> PPOConfiguration {
        var settings = PPOConfiguration.ofLearningSuites
        settings.maximumNewTokens = SupervisedPolicy.maximumNewTokens
        settings.watch = PeakWatch()
        return try Settings.overlay(text, on: settings)
    }

    /// Learns from the reward model alone, watched by the true utility.
    func reinforce(
        _ policy: SupervisedPolicy, by reward: RewardModel, _ problems: FeedbackProblems
    ) throws -> PolicyResult {
        Threads.set(intraOp: 1)
        let byPrompt = Dictionary(problems.prompts.map { ($0.prompt + "\n", $0) }, uniquingKeysWith: { a, _ in a })
        let gold: RewardFunction = { prompt, completion, _ in
            guard let problem = byPrompt[prompt] else { return .unscorable(reason: "an unknown prompt") }
            return .scored(
                NoisyPreferences.utility.value(of: completion, prompt: problem.prompt, reference: problem.answer))
        }
        let mixture = RewardMixture(
            verifier: gold, verifierWeight: 0, outcome: .init(try RewardEnsemble([reward])))
        var settings = policySettings
        settings.seed = seed
        let critic = settings.objective.estimator == .gae ? try reward.makeCritic() : nil
        let trainer = try PPOTrainer(
            settings, policy: policy.load(), critic: critic, prompts: problems.prompts.map { $0.prompt + "\n" },
            tokenizer: SupervisedPolicy.tokenizer, judge: mixture)
        var (curve, keepsPeak): ([Double], Bool) = ([], false)
        while !trainer.isDone {
            let report = try trainer.advance()
            curve.append(report.measures["verifier"] ?? 0)
            keepsPeak = report.endedAtPeak
            if verbose, report.step % 5 == 0 {
                print(
                    "  step \(report.step): proxy \(report.score), gold \(curve[curve.count - 1]), "
                        + "sqrt KL \(max(0, report.divergence).squareRoot()), length \(report.meanLength)")
            }
        }
        return try compare(policy.load(), with: trainer, curve, keepsPeak: keepsPeak, problems.heldOut)
    }

    private func compare(
        _ before: CausalLanguageModel, with trainer: PPOTrainer, _ curve: [Double], keepsPeak: Bool,
        _ problems: [Problem]
    ) throws -> PolicyResult {
        func answers(_ model: CausalLanguageModel) throws -> [GenerationResult] {
            try SupervisedPolicy.answers(of: model, to: problems, each: 1, temperature: 1, seed: seed &+ 2).map {
                $0[0]
            }
        }
        let (old, new) = (try answers(before), try answers(trainer.policy))
        let values = problems.indices.map { index in
            (
                old: NoisyPreferences.value(old[index], of: problems[index]),
                new: NoisyPreferences.value(new[index], of: problems[index])
            )
        }
        let wins = values.count { $0.new > $0.old }
        let losses = values.count { $0.new < $0.old }
        let count = Double(problems.count)
        func mean(_ value: (Int) -> Double) -> Double { problems.indices.reduce(0) { $0 + value($1) } / count }
        func isRight(_ result: GenerationResult, _ index: Int) -> Double {
            SolutionChecker().check(result.text, of: problems[index]).verdict == .correct ? 1 : 0
        }
        let smooth = Self.smoothed(curve)
        let peak = smooth.max() ?? 0
        return PolicyResult(
            preferredShare: Double(wins) / Double(max(1, wins + losses)), winShare: Double(wins) / count,
            lossShare: Double(losses) / count, utilityBefore: mean { values[$0].old },
            utilityAfter: mean { values[$0].new }, accuracyBefore: mean { isRight(old[$0], $0) },
            accuracyAfter: mean { isRight(new[$0], $0) },
            lengthRatio: mean { Double(new[$0].tokens.count) } / mean { Double(old[$0].tokens.count) },
            fallFromPeak: peak > 0 ? max(0, peak - (keepsPeak ? peak : smooth.last ?? 0)) / peak : 0,
            stopCause: trainer.stopCause?.description)
    }

    /// Means over eight steps.
    private static func smoothed(_ curve: [Double]) -> [Double] {
        curve.indices.map { index in
            let part = curve[max(0, index - 7)...index]
            return part.reduce(0, +) / Double(part.count)
        }
    }
}
