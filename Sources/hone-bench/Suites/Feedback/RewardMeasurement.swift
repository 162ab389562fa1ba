import HoneModel
import HoneProblems
import HoneTensor
import HoneTraining

/// Trains reward models on the calling thread and measures them.
struct RewardMeasurement {
    let seed: UInt64
    let steps: Int
    let learningRate: Double
    let verbose: Bool

    func configuration(steps: Int) -> RewardConfiguration {
        var settings = RewardConfiguration(steps: steps)
        settings.tokensPerBatch = 2048
        settings.optimizer.learningRate = learningRate
        settings.optimizer.beta2 = 0.99
        settings.optimizer.warmUpSteps = min(20, steps / 10)
        settings.checkpointInterval = 0
        settings.centring = 0.01
        settings.seed = seed
        return settings
    }

    /// Learns, and judges held-out examples where there are some.
    func train(
        _ examples: RewardExamples, heldOut: RewardExamples?, calibrating: RewardExamples? = nil,
        from backbone: CausalLanguageModel, steps: Int
    ) throws -> (trainer: RewardTrainer, evaluation: RewardEvaluation?) {
        let trainer = try RewardTrainer(
            configuration(steps: steps), backbone: backbone, examples: examples, heldOut: heldOut,
            calibrating: calibrating, tokenizer: SupervisedPolicy.tokenizer)
        var (last, losses): (RewardStepReport?, [Double]) = (nil, [])
        while !trainer.isDone {
            let report = try trainer.advance()
            losses.append(report.loss)
            if verbose, report.step % 50 == 0 {
                print("  step \(report.step): loss \(losses.suffix(50).reduce(0, +) / 50), norm \(report.gradNorm)")
            }
            last = report
        }
        return (trainer, last?.evaluation)
    }
}
