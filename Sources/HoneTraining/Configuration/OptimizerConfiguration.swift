internal import Foundation

/// What moves the weights, and how fast.
public struct OptimizerConfiguration: Codable, Sendable, Equatable {
    public var kind = SFTConfiguration.Optimizer.adamW
    /// Peak learning rate of AdamW.
    public var learningRate = 3e-4
    /// Peak learning rate of Muon.
    public var matrixLearningRate = 2e-3
    /// Decay of Muon's running mean of gradients.
    public var momentum = 0.95
    /// Steps over which the learning rate rises linearly from 0.
    public var warmUpSteps = 0
    public var schedule = SFTConfiguration.Schedule.linear
    /// Learning rate at the end of the schedule, as a share of the peak.
    public var finalLearningRateShare = 0.0
    /// Decoupled weight decay, on matrices only (norms and biases are spared).
    public var weightDecay = 0.0
    public var beta1 = 0.9
    public var beta2 = 0.95
    /// Larger than elsewhere: gradients of preferences and rewards are small at times (Huang et al. 2024,
    /// arXiv:2403.17031, detail on Adam's epsilon).
    public var epsilon = 1e-5
    /// Largest global norm of the gradient; longer ones are scaled down to it. 0 switches clipping off.
    public var clipNorm = 1.0

    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case kind
        case learningRate = "learning_rate"
        case matrixLearningRate = "matrix_learning_rate"
        case momentum
        case warmUpSteps = "warm_up_steps"
        case schedule
        case finalLearningRateShare = "final_learning_rate_share"
        case weightDecay = "weight_decay"
        case beta1, beta2, epsilon
        case clipNorm = "clip_norm"
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.read(.kind, into: &kind)
        try settings.read(.learningRate, into: &learningRate)
        try settings.read(.matrixLearningRate, into: &matrixLearningRate)
        try settings.read(.momentum, into: &momentum)
        try settings.read(.warmUpSteps, into: &warmUpSteps)
        try settings.read(.schedule, into: &schedule)
        try settings.read(.finalLearningRateShare, into: &finalLearningRateShare)
        try settings.read(.weightDecay, into: &weightDecay)
        try settings.read(.beta1, into: &beta1)
        try settings.read(.beta2, into: &beta2)
        try settings.read(.epsilon, into: &epsilon)
        try settings.read(.clipNorm, into: &clipNorm)
    }

    /// Throws for a setting that cannot be meant, naming its key.
    func validate() throws(TrainingError) {
        func positive(_ value: Double, _ key: CodingKeys) throws(TrainingError) {
            try require(value > 0 && value.isFinite, key, "must be above 0, is \(value)")
        }
        try positive(learningRate, .learningRate)
        try positive(matrixLearningRate, .matrixLearningRate)
        try positive(epsilon, .epsilon)
        for (value, key) in [(momentum, CodingKeys.momentum), (beta1, .beta1), (beta2, .beta2)] {
            try require((0..<1).contains(value), key, "must lie in 0..<1, is \(value)")
        }
        try require(warmUpSteps >= 0, CodingKeys.warmUpSteps, "must not be negative, is \(warmUpSteps)")
        try require(
            (0...1).contains(finalLearningRateShare), CodingKeys.finalLearningRateShare,
            "must lie between 0 and 1, is \(finalLearningRateShare)")
        try require(weightDecay >= 0, CodingKeys.weightDecay, "must not be negative, is \(weightDecay)")
        try require(clipNorm >= 0, CodingKeys.clipNorm, "must not be negative, is \(clipNorm)")
    }

    /// The learning rate of a step as a share of its peak. Steps count from 0; the first warm-up step already learns.
    func learningRateShare(atStep step: Int, of steps: Int) -> Double {
        if step < warmUpSteps { return Double(step + 1) / Double(warmUpSteps) }
        let progress = min(1, Double(step - warmUpSteps) / Double(max(1, steps - warmUpSteps)))
        let falling =
            switch schedule {
            case .constant: 1.0
            case .linear: 1 - progress
            case .cosine: (1 + cos(.pi * progress)) / 2
            }
        let end = schedule == .constant ? 1 : finalLearningRateShare
        return end + (1 - end) * falling
    }
}

extension SFTConfiguration {
    /// The settings that speak of the optimizer.
    var optimization: OptimizerConfiguration {
        var settings = OptimizerConfiguration()
        settings.kind = optimizer
        settings.learningRate = learningRate
        settings.matrixLearningRate = matrixLearningRate
        settings.momentum = momentum
        settings.warmUpSteps = warmUpSteps
        settings.schedule = schedule
        settings.finalLearningRateShare = finalLearningRateShare
        settings.weightDecay = weightDecay
        settings.beta1 = beta1
        settings.beta2 = beta2
        settings.epsilon = epsilon
        settings.clipNorm = clipNorm
        return settings
    }
}
