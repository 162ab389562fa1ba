public import HoneModel

/// What a supervised fine-tuning run does, in full: the same configuration, examples and thread count give the same
/// weights, bit for bit.
///
/// As JSON (a `train.sft` payload) every key is optional but `steps`; a key that is not known is an error, so that a
/// misspelt one cannot pass unnoticed.
public struct SFTConfiguration: Codable, Sendable, Equatable {
    /// How the learning rate moves after the warm-up.
    public enum Schedule: String, Codable, Sendable, CaseIterable {
        case constant, cosine, linear
    }

    /// What moves the weights.
    public enum Optimizer: String, Codable, Sendable, CaseIterable {
        case adamW = "adamw"
        /// Muon for the matrices inside the layers and AdamW for the rest: a small model from random weights learns
        /// in a fraction of the tokens.
        case muon
    }

    /// Where the tokens of a new model come from.
    public enum Vocabulary: String, Codable, Sendable, CaseIterable {
        /// One token for each byte.
        case bytes
        /// Byte pairs learnt from the examples, as many as the model's `vocab_size` has room for.
        case learned
    }

    /// A stretch of the run that sees only some levels.
    public struct Phase: Codable, Sendable, Equatable {
        /// Length of the phase in steps; the last phase lasts to the end of the run whatever it says.
        public var steps: Int
        /// The levels drawn from; nil takes every example.
        public var levels: [Int]?

        public init(steps: Int, levels: [Int]?) {
            self.steps = steps
            self.levels = levels
        }
    }

    /// Optimizer steps of the whole run.
    public var steps: Int
    /// Upper limit of a batch, in tokens with padding. Batches hold examples of about one length, so that short ones
    /// come in greater number and every step costs about the same.
    public var tokensPerBatch = 1024
    public var optimizer = Optimizer.muon
    /// Peak learning rate of AdamW.
    public var learningRate = 3e-3
    /// Peak learning rate of Muon.
    public var matrixLearningRate = 0.02
    /// Decay of Muon's running mean of gradients.
    public var momentum = 0.95
    /// Steps over which the learning rate rises linearly from 0.
    public var warmUpSteps = 50
    public var schedule = Schedule.linear
    /// Learning rate at the end of the schedule, as a share of the peak.
    public var finalLearningRateShare = 0.0
    /// Decoupled weight decay, on matrices only (norms and biases are spared).
    public var weightDecay = 0.1
    public var beta1 = 0.9
    public var beta2 = 0.98
    public var epsilon = 1e-8
    /// Largest global norm of the gradient; longer ones are scaled down to it. 0 switches clipping off.
    public var clipNorm = 1.0
    /// Seeds the first weights and the order of the examples.
    public var seed: UInt64 = 0
    /// Steps between checkpoints; 0 writes only the last.
    public var checkpointInterval = 200
    /// Empty trains on everything throughout.
    public var curriculum: [Phase] = []
    /// Chooses levels by what the model has learnt; in the place of a `curriculum`, which goes by the clock.
    public var levelSchedule: LevelSchedule?
    /// Draws examples of rare shapes more often; nil takes the data as they are.
    public var rareShapes: RareShapes?
    /// Threads inside one operator. Part of the result: another count rounds differently.
    public var threads = 1
    /// The network to start from random weights; nil when the run starts from a checkpoint.
    public var model: ModelConfiguration?
    /// How those weights are drawn.
    public var initialization = ModelInitialization.identity
    /// Whether the model is to answer with a calculator at hand; its checkpoints say so in generation_config.json.
    public var usesCalculator = false
    /// What the model reads and writes; its checkpoints say so in generation_config.json. Examples come laid out.
    public var layout = AnswerLayout.steps
    /// The tokenizer of a run that starts from random weights.
    public var vocabulary = Vocabulary.bytes
    /// Share of the embedding's and the layers' outputs that is zeroed in each step (Srivastava et al. 2014, JMLR 15,
    /// section 4): for few examples seen often.
    public var dropout = 0.0
    /// Weight of the loss over the prompts' own tokens beside that of completions: what makes a model know the words
    /// before it knows the answers. 0 leaves it out.
    public var promptLoss = 0.0

    /// Trains an early exit beside the model; nil trains none, and the checkpoints have none.
    public var earlyExit: EarlyExitConfiguration?

    /// How what the model could before is kept; nil trains on the examples alone. Wants a checkpoint to start from.
    public var memory: MemoryConfiguration?
    /// Trains low-rank adapters beside the matrices and leaves the rest as it was; checkpoints have them merged in.
    /// Wants a checkpoint to start from.
    public var adapters: AdapterConfiguration?

    public init(steps: Int) {
        self.steps = steps
    }
}
