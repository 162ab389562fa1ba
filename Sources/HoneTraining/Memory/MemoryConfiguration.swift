internal import Foundation

/// What keeps a run from forgetting what the model could before: `"memory"` in a `train.sft` configuration.
///
/// As JSON, `{}` takes the model's own answers to old prompts and nothing else. The parts can be combined;
/// `"self_answers": null` leaves the first one out.
public struct MemoryConfiguration: Codable, Sendable, Equatable {
    /// The default, and what kept most in `hone-bench continual`.
    public var selfAnswers: SelfAnswers? = SelfAnswers()
    public var replay: Replay?
    public var elastic: Elastic?
    public var averaging: Averaging?
    /// Measures what is kept; keeps nothing by itself.
    public var honeypots: Honeypots?

    public init() {}

    /// Stay near the distribution that the model had, on old prompts that it answered itself when the run began.
    ///
    /// The loss gains weight · KL(before ‖ now), the mean over the answers' tokens. It is learning without forgetting
    /// (Li and Hoiem 2016, arXiv:1606.09282, equation 2 at temperature 1) with the old inputs in the place of the new
    /// ones. Reference answers are not used, so nothing but prompts need be there.
    public struct SelfAnswers: Codable, Sendable, Equatable {
        public var weight = 4.0
        /// The share of the weight at which the run begins; from there it rises to the whole by the third power of the
        /// time. So the new is learnt first, while it may disturb the old, and is fitted in later. With the whole
        /// weight from the start, or soon after it, a task is sometimes learnt by heart only.
        public var initialShare = 0.025
        /// The share of the run's steps in which the weight rises. In those that follow, what was disturbed comes back.
        public var riseShare = 0.5
        /// Of prompts and answers with padding, in each step beside the new batch.
        public var tokensPerStep = 4096
        /// Longer answers are cut off.
        public var maximumAnswerTokens = 128
        /// At which the answers are drawn; 0 takes the likeliest token each time.
        public var temperature = 0.0

        public init() {}
    }

    /// Learn stored examples of before again: in each step weight times their mean loss joins that of the new batch.
    public struct Replay: Codable, Sendable, Equatable {
        public var weight = 1.0
        /// Of stored examples with padding, in each step beside the new batch.
        public var tokensPerStep = 256
        /// The share of the stored examples that counts as hard: those with the highest loss when the run begins …
        public var hardShare = 0.0
        /// … and how often each of them comes where another comes once.
        public var hardCopies = 2

        public init() {}
    }

    /// Elastic weight consolidation (Kirkpatrick et al. 2017, arXiv:1612.00796, equation 3): the loss gains
    /// strength/2 · Σ F (θ - θ₀)², θ₀ being the weights at the beginning and F the diagonal of the Fisher information.
    ///
    /// F is estimated there, on old prompts, by the squared gradient of single answers that are drawn from the model
    /// itself. Squares of a batch's mean gradient, or gradients of the reference answers, are no estimate of it
    /// (Kunstner et al. 2019, arXiv:1905.12558, section 2). The strength's scale is each model's own.
    public struct Elastic: Codable, Sendable, Equatable {
        public var strength = 300.0
        /// Answers that F is estimated from.
        public var sampleCount = 128
        /// Longer answers are cut off.
        public var maximumAnswerTokens = 128

        public init() {}
    }

    /// Old examples with known answers that the run is not shown, neither to learn nor to answer, and is measured on.
    public struct Honeypots: Codable, Sendable, Equatable {
        /// How many are held out of the memory, at most.
        public var exampleCount = 256
        /// Steps from one measurement to the next.
        public var interval = 100

        public init() {}
    }

    /// What the last step leaves instead of the weights that it reached (Ramé et al. 2024, arXiv:2406.16768).
    public enum Averaging: Codable, Sendable, Equatable {
        /// The running mean of the weights, which begins with those from before: section 3.1 there.
        case exponential(decay: Double)
        /// θ₀ + share · (θ - θ₀): linear interpolation towards initialization, section 3.3 there.
        case interpolation(share: Double)
    }
}

extension MemoryConfiguration {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case selfAnswers = "self_answers"
        case replay, elastic, averaging, honeypots
    }

    public init(from decoder: any Decoder) throws {
        let settings = try decoder.settings(CodingKeys.self)
        try settings.readOptional(.selfAnswers, into: &selfAnswers)
        try settings.readOptional(.replay, into: &replay)
        try settings.readOptional(.elastic, into: &elastic)
        try settings.readOptional(.averaging, into: &averaging)
        try settings.readOptional(.honeypots, into: &honeypots)
    }

    /// The absence of the default part is written down too.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(selfAnswers, forKey: .selfAnswers)
        try container.encodeIfPresent(replay, forKey: .replay)
        try container.encodeIfPresent(elastic, forKey: .elastic)
        try container.encodeIfPresent(averaging, forKey: .averaging)
        try container.encodeIfPresent(honeypots, forKey: .honeypots)
    }

    /// Whether the run reads old examples, besides the weights from before.
    public var needsExamples: Bool { selfAnswers != nil || replay != nil || elastic != nil || honeypots != nil }

    func validate() throws(TrainingError) {
        if selfAnswers == nil, replay == nil, elastic == nil, averaging == nil, honeypots == nil {
            throw .configuration(key: "memory", reason: "has no part; leave it out for a run without")
        }
        try selfAnswers?.validate()
        try replay?.validate()
        try elastic?.validate()
        try averaging?.validate()
        try honeypots?.validate()
    }
}
