public import HoneModel

/// What reinforcement learning does, in full: the same configuration, prompts, verdicts and thread count give the same
/// weights, bit for bit.
///
/// As JSON (a `train.ppo` payload) every key is optional but `steps`; a key that is not known is an error.
public struct PPOConfiguration: Codable, Sendable, Equatable {
    /// The divergence from the reference: how it is estimated, where it counts, how much.
    public struct Divergence: Codable, Sendable, Equatable {
        public enum Place: String, Codable, Sendable, CaseIterable {
            /// Taken off every token's reward (Ziegler et al. 2019, arXiv:1909.08593, equation 2).
            case reward
            /// A term of the loss (Shao et al. 2024, arXiv:2402.03300, equation 3).
            case loss
        }

        public var estimator = KLEstimator.k1
        public var place = Place.reward
        /// The weight at the start; 0 needs no reference.
        public var coefficient = 0.02
        /// What the weight follows; nil keeps it.
        public var target: KLController.Target?
        /// The epochs on a batch end when the policy is so many nats a token from the one that sampled it; nil for
        /// never.
        public var stopAbove: Double?

        public init() {}
    }

    /// Steps of the whole run; each samples a batch of answers and learns from it.
    public var steps: Int
    public var promptsPerStep = 64
    public var samplesPerPrompt = 4
    public var maximumNewTokens = 128
    /// Of sampling, and of every log-probability that is compared with a sampled one.
    public var temperature = 1.0
    /// Passes over a batch of answers.
    public var epochs = 2
    /// Answers of one optimizer step.
    public var answersPerUpdate = 128
    /// Upper limit, in tokens with padding, of what is computed at once; it changes no result but rounding.
    public var tokensPerMicroBatch = 8192
    public var objective = PolicyObjective()
    /// Weight of the next token's value.
    public var discount = 1.0
    /// λ of generalized advantage estimation.
    public var lambda = 0.95
    /// Brings a batch's advantages to mean 0 and variance 1, where they come from a critic.
    public var whitensAdvantages = true
    /// How far a value may move in one batch; nil for no bound.
    public var valueClip: Double? = 0.2
    public var divergence = Divergence()
    /// Weight of the entropy, which keeps the policy from settling early.
    public var entropyCoefficient = 0.0
    /// Scores are held within ± this.
    public var scoreLimit = 10.0
    /// Taken off the score of an answer that was cut off.
    public var missingEndPenalty = 0.0
    /// For answers of an older policy; nil takes them as they are.
    public var importance: ImportanceCorrection?
    /// Answers whose policy is more steps behind are refused.
    public var maximumStaleness = 0
    /// Distance that rounding may put between the log-probabilities of a sampler that decodes token by token and the
    /// trainer's whole pass; where the processor computes them by different kernels, in the mean, and twenty times as
    /// much for a single token. It is for log-probabilities up to 1 and logits up to 8, and grows with larger ones; a
    /// wrong position or temperature is thousands of times larger.
    public var samplerTolerance = 5e-6
    /// Trains adapters instead of the weights.
    public var adapters: AdapterConfiguration?
    public var optimizer = OptimizerConfiguration()
    public var criticOptimizer = OptimizerConfiguration()
    public var limits = CollapseLimits()
    /// Ends the run at the peak of something that is only measured; nil for no watch.
    public var watch: PeakWatch?
    /// Chooses prompts by their pass rates and drops groups of one score; nil asks every prompt in turn.
    public var admission: AdmissionConfiguration?
    /// Measures the policy on prompts that it does not learn from; nil for no probe.
    public var probe: PolicyProbe?
    /// Seeds the sampling, the order of prompts and answers, and fresh adapters.
    public var seed: UInt64 = 0
    /// Steps between checkpoints; 0 writes only the last.
    public var checkpointInterval = 20
    /// Threads inside one operator. Part of the result: another count rounds differently.
    public var threads = 1

    public init(steps: Int) {
        self.steps = steps
        criticOptimizer.learningRate = 1e-3
    }

    /// Optimizer steps on one batch of answers.
    var updatesPerStep: Int {
        let answers = promptsPerStep * samplesPerPrompt
        return epochs * ((answers + answersPerUpdate - 1) / answersPerUpdate)
    }
}
