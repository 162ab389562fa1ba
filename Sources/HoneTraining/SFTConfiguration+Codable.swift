internal import Foundation
internal import HoneModel

extension SFTConfiguration {
    private enum Key: String, CodingKey, CaseIterable {
        case steps
        case tokensPerBatch = "tokens_per_batch"
        case optimizer
        case learningRate = "learning_rate"
        case matrixLearningRate = "matrix_learning_rate"
        case momentum
        case warmUpSteps = "warm_up_steps"
        case schedule
        case finalLearningRateShare = "final_learning_rate_share"
        case weightDecay = "weight_decay"
        case beta1, beta2, epsilon
        case clipNorm = "clip_norm"
        case seed
        case checkpointInterval = "checkpoint_interval"
        case curriculum
        case threads, model, initialization
        case usesCalculator = "calculator"
    }

    /// Any key at all, to find the ones that no setting answers to.
    private struct AnyKey: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }

    public init(from decoder: any Decoder) throws {
        let known = Set(Key.allCases.map(\.rawValue))
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            throw TrainingError.configuration(
                key: key.stringValue, reason: "no such setting; known are \(known.sorted().joined(separator: ", "))")
        }
        let container = try decoder.container(keyedBy: Key.self)
        self.init(steps: try container.decode(Int.self, forKey: .steps))
        func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
            if let found = try container.decodeIfPresent(Value.self, forKey: key) { value = found }
        }
        try read(.tokensPerBatch, into: &tokensPerBatch)
        try read(.optimizer, into: &optimizer)
        try read(.learningRate, into: &learningRate)
        try read(.matrixLearningRate, into: &matrixLearningRate)
        try read(.momentum, into: &momentum)
        try read(.warmUpSteps, into: &warmUpSteps)
        try read(.schedule, into: &schedule)
        try read(.finalLearningRateShare, into: &finalLearningRateShare)
        try read(.weightDecay, into: &weightDecay)
        try read(.beta1, into: &beta1)
        try read(.beta2, into: &beta2)
        try read(.epsilon, into: &epsilon)
        try read(.clipNorm, into: &clipNorm)
        try read(.seed, into: &seed)
        try read(.checkpointInterval, into: &checkpointInterval)
        try read(.curriculum, into: &curriculum)
        try read(.threads, into: &threads)
        try read(.initialization, into: &initialization)
        try read(.usesCalculator, into: &usesCalculator)
        model = try container.decodeIfPresent(ModelConfiguration.self, forKey: .model)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(steps, forKey: .steps)
        try container.encode(tokensPerBatch, forKey: .tokensPerBatch)
        try container.encode(optimizer, forKey: .optimizer)
        try container.encode(learningRate, forKey: .learningRate)
        try container.encode(matrixLearningRate, forKey: .matrixLearningRate)
        try container.encode(momentum, forKey: .momentum)
        try container.encode(warmUpSteps, forKey: .warmUpSteps)
        try container.encode(schedule, forKey: .schedule)
        try container.encode(finalLearningRateShare, forKey: .finalLearningRateShare)
        try container.encode(weightDecay, forKey: .weightDecay)
        try container.encode(beta1, forKey: .beta1)
        try container.encode(beta2, forKey: .beta2)
        try container.encode(epsilon, forKey: .epsilon)
        try container.encode(clipNorm, forKey: .clipNorm)
        try container.encode(seed, forKey: .seed)
        try container.encode(checkpointInterval, forKey: .checkpointInterval)
        try container.encode(curriculum, forKey: .curriculum)
        try container.encode(threads, forKey: .threads)
        try container.encode(initialization, forKey: .initialization)
        try container.encode(usesCalculator, forKey: .usesCalculator)
        try container.encodeIfPresent(model, forKey: .model)
    }

    /// Throws for a setting that cannot be meant, naming its key.
    func validate() throws(TrainingError) {
        func require(_ holds: Bool, _ key: Key, _ reason: String) throws(TrainingError) {
            if !holds { throw .configuration(key: key.rawValue, reason: reason) }
        }
        try require(steps > 0, .steps, "must be at least 1, is \(steps)")
        try require(tokensPerBatch > 0, .tokensPerBatch, "must be at least 1, is \(tokensPerBatch)")
        try require(learningRate > 0 && learningRate.isFinite, .learningRate, "must be above 0, is \(learningRate)")
        try require(
            matrixLearningRate > 0 && matrixLearningRate.isFinite, .matrixLearningRate,
            "must be above 0, is \(matrixLearningRate)")
        try require((0..<1).contains(momentum), .momentum, "must lie in 0..<1, is \(momentum)")
        try require(warmUpSteps >= 0, .warmUpSteps, "must not be negative, is \(warmUpSteps)")
        try require(
            (0...1).contains(finalLearningRateShare), .finalLearningRateShare,
            "must lie between 0 and 1, is \(finalLearningRateShare)")
        try require(weightDecay >= 0, .weightDecay, "must not be negative, is \(weightDecay)")
        try require((0..<1).contains(beta1), .beta1, "must lie in 0..<1, is \(beta1)")
        try require((0..<1).contains(beta2), .beta2, "must lie in 0..<1, is \(beta2)")
        try require(epsilon > 0, .epsilon, "must be above 0, is \(epsilon)")
        try require(clipNorm >= 0, .clipNorm, "must not be negative, is \(clipNorm)")
        try require(checkpointInterval >= 0, .checkpointInterval, "must not be negative, is \(checkpointInterval)")
        try require(threads > 0, .threads, "must be at least 1, is \(threads)")
        try require(
            curriculum.allSatisfy { $0.steps > 0 }, .curriculum, "every phase must last at least 1 step")
    }

    /// The learning rate of a step as a share of its peak. Steps count from 0; the first warm-up step already learns.
    func learningRateShare(atStep step: Int) -> Double {
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
