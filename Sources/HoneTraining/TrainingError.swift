/// Why training cannot start or go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// A setting that cannot be meant.
    case configuration(key: String, reason: String)
    /// An example that does not fit the run; its place is its position among the examples, from 0.
    case example(position: Int, reason: String)
    /// Nothing to train on in a phase of the curriculum, or at all.
    case noExamples(String)
    /// The loss or the gradient left the finite numbers.
    case nonFinite(step: Int, quantity: String, value: Double)
    /// Something that must hold in every run does not; going on would train on nonsense.
    case invariant(step: Int, name: String, value: Double, limit: Double)
    /// An answer that is older than the run allows.
    case stale(prompt: Int, policyStep: Int, step: Int, limit: Int)
    /// A checkpoint that is incomplete, damaged or belongs to another run.
    case checkpoint(directory: String, reason: String)

    public var description: String {
        switch self {
        case .configuration(let key, let reason):
            "training configuration, \"\(key)\": \(reason)"
        case .example(let position, let reason):
            "training example \(position): \(reason)"
        case .noExamples(let reason):
            "nothing to train on: \(reason)"
        case .nonFinite(let step, let quantity, let value):
            "training stopped at step \(step): the \(quantity) is \(value); lower learning_rate, lengthen "
                + "warm_up_steps or set clip_norm, then start from the last checkpoint"
        case .invariant(let step, let name, let value, let limit):
            "training stopped at step \(step): \(name) is \(value) and must be at most \(limit); nothing was "
                + "changed in this step, and the last checkpoint is sound"
        case .stale(let prompt, let policyStep, let step, let limit):
            "an answer to prompt \(prompt) is of the policy of step \(policyStep), and step \(step) takes none "
                + "more than \(limit) steps older; sample it again"
        case .checkpoint(let directory, let reason):
            "checkpoint \(directory): \(reason)"
        }
    }
}
