import HoneInference
import HoneProblems
import HoneTensor
import HoneTraining
import HoneWorker

/// One seed of what people's preferences teach a reward model.
struct PreferenceMeasurement {
    let seed: UInt64
    let options: RLHFSuite.Sizes
    let verbose: Bool
    /// Of the pairs that are learnt from; nil for all.
    var pairLimit: Int?

    struct RewardResult {
        /// On noisy labels, and on the utility's own order.
        let accuracy: Double
        let trueAccuracy: Double
        let calibrationError: Double
        /// What that would be of a model that is exactly as sure as it is right.
        let calibrationNoise: Double
        let separableAccuracy: Double
        let lengthCorrelation: Double
        /// The share of labels that are right: nobody can agree with more of them.
        let ceiling: Double
        let pairCount: Int
        /// What the head was multiplied by, that it be as sure as it is right.
        let slope: Double
        /// The share of labels that it takes for slips.
        let flipRate: Double
    }

    /// Answers of the policy to training problems and to held-out ones, several each.
    struct Answers {
        let training: [[GenerationResult]]
        let heldOut: [[GenerationResult]]
    }

    /// To each held-out problem; pairs are half as many.
    private static let heldOutAnswers = 16

    func sample(_ policy: SupervisedPolicy, _ problems: FeedbackProblems) throws -> Answers {
        Threads.set(intraOp: 1)
        let model = try policy.load()
        return Answers(
            training: try SupervisedPolicy.answers(
                of: model, to: problems.labelled, each: options.answersPerPrompt, temperature: 1, seed: seed),
            heldOut: try SupervisedPolicy.answers(
                of: model, to: problems.heldOut, each: Self.heldOutAnswers, temperature: 1, seed: seed &+ 1))
    }

    /// Starts from the judge, learns from labels of some problems, is fitted to those of others and measured on
    /// held-out ones.
    func reward(
        from judge: SupervisedPolicy, _ problems: FeedbackProblems, _ answers: Answers
    ) throws -> (model: RewardModel, result: RewardResult) {
        Threads.set(intraOp: 1)
        let measurement = RewardMeasurement(
            seed: seed, steps: options.rewardSteps, learningRate: options.rewardRate, verbose: verbose)
        let labelled = NoisyPreferences(
            problems.labelled, answers: answers.training, flipRate: options.flipRate, seed: seed)
        let heldOut = NoisyPreferences(
            problems.heldOut, answers: answers.heldOut, flipRate: options.flipRate, seed: seed &+ 1)
        // In the order of problems, so that none but one is on both sides.
        let fittedCount = labelled.pairs.count / 4
        let training = labelled.pairs.dropLast(fittedCount).prefix(pairLimit ?? .max)
        let (trainer, evaluation) = try measurement.train(
            .pairs(Array(training)), heldOut: .pairs(heldOut.pairs),
            calibrating: .pairs(Array(labelled.pairs.suffix(fittedCount))), from: judge.load(),
            steps: options.rewardSteps)
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
            calibrationError: evaluation.calibrationError, calibrationNoise: evaluation.calibrationNoise,
            separableAccuracy: separable.evaluation?.accuracy ?? 0,
            lengthCorrelation: evaluation.lengthCorrelation ?? 0,
            ceiling: Double(heldOut.isFlipped.count { !$0 }) / Double(max(1, heldOut.pairs.count)),
            pairCount: training.count, slope: evaluation.calibration?.slope ?? 1,
            flipRate: evaluation.calibration?.flipRate ?? 0)
        return (
            RewardModel(network: trainer.model, tokenizer: SupervisedPolicy.tokenizer, scale: evaluation.scale), result
        )
    }
}
