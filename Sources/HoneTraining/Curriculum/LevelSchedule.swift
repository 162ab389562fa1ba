/// Which level every step draws its batch from, when that follows from what the model has learnt so far.
///
/// As JSON (`level_schedule` of a `train.sft` configuration) every key but `rule` and `stages` is optional.
public struct LevelSchedule: Codable, Sendable, Equatable {
    /// What moves the run from easy to hard.
    public enum Rule: String, Codable, Sendable, CaseIterable {
        /// Nothing does: every step draws any stage with the same chance. The control.
        case uniform
        /// A stage is followed by the next when it is mastered.
        case mastery
        /// A difficulty between the stages follows the accuracy at that difficulty (Shi et al. 2025, AdaRFT,
        /// arXiv:2504.05520, equation 3).
        case adaptive
        /// Every stage is drawn in proportion to what is missing from its accuracy, so that all begin alike and what is
        /// mastered makes room.
        case deficit
    }

    /// When a stage counts as mastered.
    public struct Mastery: Codable, Sendable, Equatable {
        public enum Measure: String, Codable, Sendable, CaseIterable {
            /// Share of held-out examples of which greedy decoding would write every token: at least the threshold.
            case accuracy
            /// Mean loss of a held-out completion's token, in nats: at most the threshold.
            case loss
        }

        public var measure = Measure.accuracy
        public var threshold = 0.8
        /// Steps after which the next stage begins even so; nil for never.
        public var stageStepLimit: Int?

        public init() {}
    }

    /// How the difficulty moves: by `stepSize`·tanh(`steepness`·(accuracy - `target`)) stages a probe.
    public struct Adaptive: Codable, Sendable, Equatable {
        public var target = 0.5
        public var stepSize = 0.25
        public var steepness = 4.0

        public init() {}
    }

    public var rule: Rule
    /// The levels of every stage, easy to hard.
    public var stages: [[Int]]
    /// Share of the steps that draw one of the stages before; under `deficit`, any stage.
    public var replay = 0.2
    /// Steps between probes on held-out examples.
    public var probeInterval = 50
    /// Examples of every stage that are held out of training for the probes.
    public var probeExamples = 64
    /// Steps over which the learning rate rises again to its peak at every stage's start, from where its schedule runs
    /// to the end of the run; nil leaves it alone.
    public var reWarmSteps: Int?
    public var mastery = Mastery()
    public var adaptive = Adaptive()

    public init(_ rule: Rule, stages: [[Int]]) {
        self.rule = rule
        self.stages = stages
    }
}
