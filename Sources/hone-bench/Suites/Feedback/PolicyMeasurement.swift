import HoneInference
import HoneModel
import HoneProblems
import HoneTensor
import HoneTraining
import HoneWorker

/// One seed of a policy that learns from a reward model alone, while the true utility is only measured.
struct PolicyMeasurement {
    let seed: UInt64
    let settings: PPOConfiguration
    let verbose: Bool

    /// The policy's answers before a step.
    struct Moment {
        let squareRootOfDivergence: Double
        /// Mean reward, in the reward model's own deviations.
        let proxy: Double
        /// Mean utility of the answers that it learns from.
        let gold: Double
    }

    /// A policy on held-out problems.
    struct HeldOut {
        let utilities: [Double]
        let rightShare: Double
        /// Tokens of an answer.
        let length: Double

        var utility: Double { utilities.reduce(0, +) / Double(utilities.count) }
    }

    struct Run {
        let seed: UInt64
        let curve: [Moment]
        /// By the steps done.
        let snapshots: [(step: Int, heldOut: HeldOut)]
        let before: HeldOut
        /// Of the weights that were kept.
        let after: HeldOut
        /// How far they are from the start.
        let keptAt: Int
        let stopCause: String?

        /// The best that the policy ever was on held-out problems, as far as it was looked at.
        var peak: Double { max(after.utility, snapshots.map(\.heldOut.utility).max() ?? 0) }

        /// From that peak to the weights that were kept, as a share of it.
        var fall: Double { peak > 0 ? (peak - after.utility) / peak : 0 }

        var betterCount: Int { zip(before.utilities, after.utilities).count { $0 < $1 } }
        var worseCount: Int { zip(before.utilities, after.utilities).count { $0 > $1 } }
        var equalCount: Int { before.utilities.count - betterCount - worseCount }
    }

    /// Steps between two looks at held-out problems.
    private static let interval = 4

    /// Those of `ppo-learning`, with those of a JSON object in the place of some.
    static func settings(overlaid text: String) throws -> PPOConfiguration {
        var settings = PPOConfiguration.ofLearningSuites
        settings.maximumNewTokens = SupervisedPolicy.maximumNewTokens
        // What is learnt is the reward model's word: half the verifier's rate, and held near the start.
        settings.optimizer.learningRate = 1e-4
        settings.divergence.coefficient = 0.1
        settings.watch = PeakWatch()
        return try Settings.overlay(text, on: settings)
    }

    func run(
        _ policy: SupervisedPolicy, by reward: RewardModel, isWatched: Bool, _ problems: FeedbackProblems
    ) throws -> Run {
        Threads.set(intraOp: 1)
        var settings = settings
        settings.seed = seed
        if !isWatched { settings.watch = nil }
        let trainer = try PPOTrainer(
            settings, policy: policy.load(),
            critic: settings.objective.estimator == .gae ? try reward.makeCritic() : nil,
            prompts: problems.prompts.map { $0.prompt + "\n" }, tokenizer: SupervisedPolicy.tokenizer,
            judge: Self.mixture(reward, problems.prompts))
        var (curve, keptAt): ([Moment], Int) = ([], 0)
        var snapshots = [(step: 0, heldOut: try measure(trainer.policy, problems.heldOut))]
        while !trainer.isDone {
            let report = try trainer.advance()
            curve.append(
                Moment(
                    squareRootOfDivergence: max(0, report.divergence).squareRoot(), proxy: report.score,
                    gold: report.measures["verifier"] ?? 0))
            keptAt = report.endedAtPeak ? (report.peakStep ?? 1) - 1 : report.step
            guard trainer.step % Self.interval == 0, !trainer.isDone else { continue }
            snapshots.append((trainer.step, try measure(trainer.policy, problems.heldOut)))
            if verbose { show(report, snapshots[snapshots.count - 1].heldOut) }
        }
        return Run(
            seed: seed, curve: curve, snapshots: snapshots, before: snapshots[0].heldOut,
            after: try measure(trainer.policy, problems.heldOut), keptAt: keptAt,
            stopCause: trainer.stopCause?.description)
    }

    private func show(_ report: PPOStepReport, _ heldOut: HeldOut) {
        print(
            "  step \(report.step): proxy \(report.score), gold \(report.measures["verifier"] ?? 0), held out "
                + "\(heldOut.utility), right \(heldOut.rightShare), KL \(report.divergence), length "
                + "\(report.meanLength)")
    }

    /// The reward model's word, beside which the utility is measured and not learnt from.
    private static func mixture(_ reward: RewardModel, _ problems: [Problem]) throws -> RewardMixture {
        let byPrompt = Dictionary(problems.map { ($0.prompt + "\n", $0) }, uniquingKeysWith: { first, _ in first })
        let gold: RewardFunction = { prompt, completion, _ in
            guard let problem = byPrompt[prompt] else { return .unscorable(reason: "an unknown prompt") }
            return .scored(
                NoisyPreferences.utility.value(of: completion, prompt: problem.prompt, reference: problem.answer))
        }
        return RewardMixture(verifier: gold, verifierWeight: 0, outcome: .init(try RewardEnsemble([reward])))
    }

    /// One sampled answer to each problem, always by the same draws.
    private func measure(_ model: CausalLanguageModel, _ problems: [Problem]) throws -> HeldOut {
        let answers = try SupervisedPolicy.answers(
            of: model, to: problems, each: 1, temperature: 1, seed: seed &+ 2
        ).map { $0[0] }
        let count = Double(problems.count)
        let rightCount = zip(answers, problems).count { answer, problem in
            SolutionChecker().check(answer.text, of: problem).verdict == .correct
        }
        return HeldOut(
            utilities: zip(answers, problems).map { NoisyPreferences.value($0, of: $1) },
            rightShare: Double(rightCount) / count,
            length: Double(answers.reduce(0) { $0 + $1.tokens.count }) / count)
    }
}
