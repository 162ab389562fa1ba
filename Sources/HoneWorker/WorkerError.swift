import Foundation

/// Why a job, or a command that computes without the queue, cannot be done.
public enum WorkerError: Error, Equatable {
    /// The payload of a job does not say what its kind needs.
    case payload(key: String?, fault: String)
    /// What a stage of a pipeline asks for cannot be read.
    case stage(name: String, fault: String)
    /// The database has no such thing; `mend` says how to come by one.
    case notFound(noun: String, name: String, mend: String)
    /// No checkpoint of the model is served yet.
    case noActiveCheckpoint(model: String)
    /// No model was named and there is not exactly one that is served.
    case modelNotNamed(activeCount: Int)
    /// The checkpoint lacks a file that the work needs.
    case incompleteCheckpoint(id: Int64, path: String)
    /// A reward model was named where answers are to be written.
    case judge(checkpoint: Int64)
    /// What a killed attempt left is not what this job would have written.
    case unusableCheckpoint(name: String, fault: String)
    /// A file named on the command line or in a payload cannot be used.
    case file(path: String, line: Int?, fault: String)
    /// The gate did not open.
    case gateNotPassed(reason: String)
    /// A checkpoint in fewer bits was to be written for other programs, which do not read it.
    case quantizedExport(checkpoint: String)
    /// A model in fewer bits answers worse than it may; in points of a hundred.
    case lossOverBudget(lost: Double, budget: Double, measuredCount: Int)
    /// A training stopped itself, since its weights were breaking down.
    case trainingStopped(cause: String, lastSoundStep: Int)
    /// None of the answers of a step could be sampled.
    case noRollouts(step: Int, cause: String)
    /// A roll-out job came to sample with a version of a policy that is removed already.
    case policyGone(training: Int64, version: Int)
}

extension WorkerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .payload(let key?, let fault): "payload: \"\(key)\" \(fault)"
        case .payload(nil, let fault): "payload: \(fault)"
        case .stage(let name, let fault): "stage '\(name)': \(fault)"
        case .notFound(let noun, let name, let mend): "there is no \(noun) \(name); \(mend)"
        case .noActiveCheckpoint(let model):
            "model \(model) has no active checkpoint yet; 'hone model show \(model)' lists what there is to promote, "
                + "and 'hone pipeline run first-reasoner' trains one"
        case .modelNotNamed(0):
            "no model has an active checkpoint yet; train one and promote it, for example with "
                + "'hone pipeline run first-reasoner'"
        case .modelNotNamed(let activeCount):
            "payload: \"model\" is missing, and \(activeCount) models have an active checkpoint; name one of them"
        case .incompleteCheckpoint(let id, let path): "checkpoint \(id) has no file \(path)"
        case .judge(let checkpoint):
            "checkpoint \(checkpoint) is a reward model, which judges answers and writes none; name one that was "
                + "trained by train.sft, train.dpo or train.ppo ('hone model lineage' shows what it came from)"
        case .unusableCheckpoint(let name, let fault): "cannot resume from \(name): \(fault)"
        case .file(let path, let line?, let fault): "\(path):\(line): \(fault)"
        case .file(let path, nil, let fault): "\(path): \(fault)"
        case .gateNotPassed(let reason): "gate not passed: \(reason)"
        case .quantizedExport(let checkpoint):
            "\(checkpoint) has weights in Hone's own form of fewer bits, which other programs do not read; export its "
                + "parent, or give --dequantize for the weights that the bits stand for"
        case .lossOverBudget(let lost, let budget, let count):
            "the quantized model answers \(lost.formatted(.number.precision(.fractionLength(2)))) points of \(count) "
                + "examples less than its parent, and \"budget_loss\" is \(budget); nothing is recorded. Allow more "
                + "size or more loss"
        case .trainingStopped(let cause, let step):
            "\(cause); no checkpoint is recorded, and "
                + (step == 0 ? "no weights were kept before" : "the job keeps the weights of step \(step)")
                + "; lower the learning rate or widen \"limits\", and enqueue a new job"
        case .noRollouts(let step, let cause):
            "none of the answers of step \(step) could be sampled; the first of its roll-out jobs failed: \(cause)"
        case .policyGone(let training, let version):
            "version \(version) of the policy of training \(training) is removed; the training does not wait for it"
        }
    }
}
