/// Why training cannot start or go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// A setting that cannot be meant.
    case configuration(key: String, reason: String)
    /// An example that does not fit the run; its place is its position among the examples, from 0.
    case example(position: Int, reason: String)
    /// Nothing to train on in a phase of the curriculum, or at all.
    case noExamples(String)
    /// The loss or the gradient left the finite numbers.
    case nonFinite(step: Int, quantity: String, value: Double, batch: BatchName)
    /// The loss is far above what guessing costs.
    case exploded(step: Int, loss: Double, limit: Double, batch: BatchName)
    /// The training would take more memory than there is; sizes in bytes.
    case memory(need: Int, available: Int, bound: String, largest: String)
    /// Something that must hold in every run does not; going on would train on nonsense.
    case invariant(step: Int, name: String, value: Double, limit: Double)
    /// A reward model that gives all that is held out the same score.
    case indifferent(judgementCount: Int)
    /// An answer that is older than the run allows.
    case stale(prompt: Int, policyStep: Int, step: Int, limit: Int)
    /// A checkpoint that belongs to another run, or to a newer program.
    case checkpoint(directory: String, reason: String)
    /// A checkpoint of which a file is missing, torn or changed; the one before may be whole.
    case damagedCheckpoint(directory: String, reason: String)

    public var description: String {
        switch self {
        case .configuration(let key, let reason):
            "training configuration, \"\(key)\": \(reason)"
        case .example(let position, let reason):
            "training example \(position): \(reason)"
        case .noExamples(let reason):
            "nothing to train on: \(reason)"
        case .nonFinite(let step, let quantity, let value, let batch):
            "training stopped at step \(step): the \(quantity) is \(value.isNaN ? "nan" : "\(value)") on \(batch); "
                + Self.remedy
        case .exploded(let step, let loss, let limit, let batch):
            "training stopped at step \(step): the loss is \(loss) on \(batch), above \(limit), thirty times what "
                + "guessing costs; \(Self.remedy)"
        case .memory(let need, let available, let bound, let largest):
            "too little memory: this training takes about \(Self.mebibytes(need)) (\(largest)), and \(bound) "
                + "\(Self.mebibytes(available)); lower tokens_per_batch, tokens_per_micro_batch or the answers of a "
                + "step, or run it where there is more"
        case .invariant(let step, let name, let value, let limit):
            "training stopped at step \(step): \(name) is \(value) and must be at most \(limit); nothing was "
                + "changed in this step, and the last checkpoint is sound"
        case .indifferent(let count):
            "the reward model gives the same score to all of \(count) held-out judgements, so that it judges nothing; "
                + "lower learning_rate, lengthen warm_up_steps, or start from a checkpoint that tells answers apart"
        case .stale(let prompt, let policyStep, let step, let limit):
            "an answer to prompt \(prompt) is of the policy of step \(policyStep), and step \(step) takes none "
                + "more than \(limit) steps older; sample it again"
        case .checkpoint(let directory, let reason):
            "checkpoint \(directory): \(reason)"
        case .damagedCheckpoint(let directory, let reason):
            "checkpoint \(directory) is damaged: \(reason); use the checkpoint before"
        }
    }
    private static let remedy =
        "look at them, lower learning_rate, lengthen warm_up_steps or set clip_norm, and start from the last checkpoint"

    static func mebibytes(_ byteCount: Int) -> String { "\((byteCount + (1 << 20) - 1) >> 20) MiB" }

    /// The same with the names that a reader knows the rows of a batch by: those of all rows, in their order.
    public func namingRows(_ names: BatchName) -> TrainingError {
        func named(_ batch: BatchName) -> BatchName {
            batch.noun == .row ? BatchName(names.noun, batch.numbers.map { names.numbers[Int($0)] }) : batch
        }
        switch self {
        case .nonFinite(let step, let quantity, let value, let batch):
            return .nonFinite(step: step, quantity: quantity, value: value, batch: named(batch))
        case .exploded(let step, let loss, let limit, let batch):
            return .exploded(step: step, loss: loss, limit: limit, batch: named(batch))
        default: return self
        }
    }
}
